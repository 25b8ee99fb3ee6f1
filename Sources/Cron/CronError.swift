package import Core

/// What is wrong with a schedule, a time or a zone that somebody wrote: said in words that name the part, its value and what
/// is allowed, so that a person or a model can write it right.
package typealias CronError = CodedError<CronFailure>

/// The kinds of ``CronError``.
package enum CronFailure: Sendable, Hashable {
    /// Text that is no cron expression.
    case expression
    /// An expression of days that no calendar has, such as 30 February.
    case never
    /// Text that is no IANA zone of this machine.
    case zone
    /// Text that is no time.
    case time
    /// Text that is no length of time, or one out of bounds.
    case interval
}

/// Text from outside as an error quotes it: short, on one line, without control characters.
func quoted(_ text: some StringProtocol) -> String {
    let short = text.unicodeScalars.prefix(40)
    var shown = ""
    for scalar in short {
        let isPlain =
            scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value)
            && scalar.properties.isDefaultIgnorableCodePoint == false
            && !(0x2028...0x202F).contains(scalar.value)
        shown.unicodeScalars.append(isPlain ? scalar : "?")
    }
    return "\"\(shown)\(short.endIndex == text.unicodeScalars.endIndex ? "" : "…")\""
}
