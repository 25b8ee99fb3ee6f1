/// The tools that come with NanoClaw, by name.
///
/// The host names them in what it checks and says, the runner has them in its toolbox; a test holds the two together.
package enum BuiltInTools {
    /// Sorted.
    package static let names = [
        "add_reaction", "ask_user_question", "cancel_task", "create_agent", "edit_file", "edit_message", "glob", "grep",
        "list_tasks", "pause_task", "process", "read_file", "read_skill", "recall", "remember", "resume_task",
        "schedule_task", "send_card", "send_file", "send_message", "shell", "update_task", "write_file",
    ]
}
