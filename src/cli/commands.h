// One function per subcommand, each in a file of its own: it adds the subcommand with its options to
// the program and sets a callback that does the work. A callback throws Error for bad input.
#pragma once

namespace CLI {
class App;
}

namespace deepscaler {

void add_audit_command(CLI::App& app);
void add_bench_command(CLI::App& app);
void add_bench_embed_command(CLI::App& bench);     // below the former
void add_bench_grpo_command(CLI::App& bench);      // likewise
void add_bench_tokenize_command(CLI::App& bench);  // likewise
void add_chat_command(CLI::App& app);
void add_completion_command(CLI::App& app);
void add_convert_command(CLI::App& app);
void add_data_command(CLI::App& app);
void add_diff_command(CLI::App& app);
void add_eval_command(CLI::App& app);
void add_export_eval_command(CLI::App& app);
void add_export_run_command(CLI::App& app);
void add_fetch_command(CLI::App& app);
void add_fork_command(CLI::App& app);
void add_generate_command(CLI::App& app);
void add_imatrix_command(CLI::App& app);
void add_init_command(CLI::App& app);
void add_inspect_command(CLI::App& app);
void add_manual_command(CLI::App& app);
void add_pairs_command(CLI::App& app);
void add_perplexity_command(CLI::App& app);
void add_plan_command(CLI::App& app);
void add_problems_command(CLI::App& app);
void add_quantize_command(CLI::App& app);
void add_recipes_command(CLI::App& app);
void add_report_command(CLI::App& app);
void add_score_command(CLI::App& app);
void add_seeds_command(CLI::App& app);
void add_serve_command(CLI::App& app);
void add_sft_command(CLI::App& app);
void add_show_command(CLI::App& app);
void add_tokenize_command(CLI::App& app);
void add_train_command(CLI::App& app);
void add_verify_command(CLI::App& app);

}  // namespace deepscaler
