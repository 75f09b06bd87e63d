// Arrays that are laid out like a model's gradients (moments of an optimizer) in a safetensors file: one f32
// tensor per array and trainable parameter, "first_moment.model.norm.weight".
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "model/parameters.h"

namespace deepscaler {

// `values`, laid out by a ParameterTable, is the caller's.
template <class T>
struct NamedArray {
  std::string name;  // in the file; the parameter's name follows it
  T* values;
};

// Metadata of the file, as safetensors has it: strings by name.
using FileMetadata = std::map<std::string, std::string>;

// Writes the file with `metadata` and a hash of the arrays. Throws Error where the disk refuses.
void save_parameters(const std::filesystem::path& path, const ParameterTable& table,
                     std::span<const NamedArray<const float>> arrays, FileMetadata metadata);

// Reads a file of save_parameters() into the arrays and returns its metadata. Throws Error for a tensor that
// is missing or has another shape or type, and for arrays that do not match the hash in the file.
FileMetadata load_parameters(const std::filesystem::path& path, const ParameterTable& table,
                             std::span<const NamedArray<float>> arrays);

}  // namespace deepscaler
