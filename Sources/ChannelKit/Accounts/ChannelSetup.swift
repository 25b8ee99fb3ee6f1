package import Core

/// One value that an account needs.
package struct ChannelField: Sendable, Equatable {
    /// Lower-case words joined by `-`: `token`, `signing-secret`.
    package var key: String
    /// What to ask for and where to find it, one line.
    package var help: String
    /// Kept in the credentials' file, read from a file or standard input, never shown.
    package var isSecret: Bool
    /// The value when none is given; nil when one must be.
    package var standard: String?
    /// A person is asked for it although it may be left out.
    package var isAsked: Bool

    /// A value that must be given; with a standard, even an empty one, it may be left out.
    package init(
        _ key: String,
        _ help: String,
        isSecret: Bool = false,
        standard: String? = nil,
        isAsked: Bool = false
    ) {
        self.key = key
        self.help = help
        self.isSecret = isSecret
        self.standard = standard
        self.isAsked = isAsked || standard == nil
    }
}

/// The values of one account, secrets among them; never printed, so it has no description of its own.
package struct ChannelValues: Sendable {
    private var values: [String: String]

    package init(_ values: [String: String]) { self.values = values }

    /// The value of a field; an empty text where there is none.
    package subscript(key: String) -> String { values[key] ?? "" }

    /// The same values but for this one.
    package func with(_ key: String, _ value: String) -> ChannelValues {
        ChannelValues(values.merging([key: value]) { $1 })
    }
}

extension ChannelValues: CustomStringConvertible, CustomReflectable {
    package var description: String { "values of \(values.keys.sorted().joined(separator: ", "))" }

    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why an account cannot be set up: what is wrong, where, and how to mend it; never with a secret in it.
package typealias ChannelSetupError = CodedError<ChannelSetupFailure>

/// What kind of fault it is.
package enum ChannelSetupFailure: Sendable, Hashable {
    /// A value is not of the form that the platform uses.
    case invalid
    /// The platform does not accept the credentials.
    case refused
    /// The platform could not be asked; nothing is known of the values.
    case unreachable
}
