/// A field of an expression: what it is called and what may stand in it.
enum CronField: Int, CaseIterable, Sendable {
    case second, minute, hour, dayOfMonth, month, dayOfWeek

    var name: String {
        switch self {
        case .second: "second"
        case .minute: "minute"
        case .hour: "hour"
        case .dayOfMonth: "day of month"
        case .month: "month"
        case .dayOfWeek: "day of week"
        }
    }

    var range: ClosedRange<Int> {
        switch self {
        case .second, .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 0...7
        }
    }

    /// The names of its values, from its first value on.
    var names: [String] {
        switch self {
        case .month: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
        case .dayOfWeek: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
        default: []
        }
    }

    /// What may stand in it, for an error.
    var allowed: String {
        switch self {
        case .second, .minute: "0 to 59"
        case .hour: "0 to 23"
        case .dayOfMonth: "1 to 31, L (the last), L-3 (three days before it), 15W (the workday nearest to the 15th), LW"
        case .month: "1 to 12 or jan to dec"
        case .dayOfWeek: "0 to 7 or sun to sat (0 and 7 are Sunday), 5#3 (the third Friday), 5L (the last Friday)"
        }
    }
}
