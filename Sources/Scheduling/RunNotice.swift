/// What people are told of a run that did not end well.
package enum RunNotice {
    /// The text; `name` is how the task is called, `due` the occurrence in the task's zone.
    package static func text(
        _ notice: RunVerdict.Notice,
        _ end: RunState,
        task: String,
        id: String,
        due: String,
        detail: String?
    ) -> String {
        let why = detail.map { ": \($0.prefix(500))" } ?? "."
        let what =
            end == .interrupted
            ? "was interrupted and is not run a second time\(why)" : "failed\(why)"
        let series = "The run of the task \"\(task)\" due \(due) \(what)"
        let where_ = "`nanoclaw tasks history \(id)` shows its runs."
        switch notice {
        case .chat, .owner: return "\(sentence(series)) Its later runs are not affected; \(where_)"
        case .alert:
            return
                "\(sentence(series)) That was the third failure in a row. It goes on, and I stay silent about further "
                + "failures until it has worked again; \(where_)"
        }
    }

    private static func sentence(_ text: String) -> String {
        text.last.map { ".!?…".contains($0) } == true ? text : "\(text)."
    }
}
