/**
 * What a plain `deno test` runs: all tests that need no permission. They run in
 * one process, because each file by itself would take longer to start than to run.
 */
import "./autodump_test.ts";
import "./bounded_test.ts";
import "./bundle_test.ts";
import "./bursts_test.ts";
import "./chaos_test.ts";
import "./child_test.ts";
import "./command_line_test.ts";
import "./counter_test.ts";
import "./cut_test.ts";
import "./distribution_test.ts";
import "./family_test.ts";
import "./lines_test.ts";
import "./lograte_counter_test.ts";
import "./lograte_fields_test.ts";
import "./lograte_live_test.ts";
import "./lograte_replay_test.ts";
import "./lograte_rules_test.ts";
import "./lograte_time_teller_test.ts";
import "./output_test.ts";
import "./plot_history_test.ts";
import "./plot_terminal_test.ts";
import "./put_test.ts";
import "./run_every_n_seconds_test.ts";
import "./tail_follower_test.ts";
import "./tail_hosts_test.ts";
import "./time_formats_test.ts";
import "./time_test.ts";
import "./tsd_http_test.ts";
import "./tsd_sender_test.ts";
import "./tsd_spool_test.ts";
import "./tsd_test.ts";
import "./unread_logs_test.ts";
import "./wait_test.ts";

Deno.test.ignore(
  "Tests that start processes are left out: `deno task test` runs them",
  () => {},
);
