/// A setting that cannot be used: where it stands, and what to write instead.
package struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    package struct Code: Sendable, Hashable {
        private enum Value { case syntax, unknownKey, badValue, unreadable, unwritable, mount }
        private let value: Value
        /// The file is no YAML mapping.
        package static let syntax = Code(value: .syntax)
        /// There is no such setting.
        package static let unknownKey = Code(value: .unknownKey)
        /// The value is not allowed.
        package static let badValue = Code(value: .badValue)
        /// The file cannot be read.
        package static let unreadable = Code(value: .unreadable)
        /// The file cannot be written.
        package static let unwritable = Code(value: .unwritable)
        /// A directory may not be mounted.
        package static let mount = Code(value: .mount)
    }

    package let code: Code
    /// The file or the environment variable.
    package let source: String
    /// From 1; nil where there is none.
    package let line: Int?
    /// The setting, its parts joined by dots; nil where it is about none.
    package let key: String?
    package let message: String

    init(_ code: Code, source: String, line: Int? = nil, key: String? = nil, _ message: String) {
        self.code = code
        self.source = source
        self.line = line
        self.key = key
        self.message = message
    }

    package var description: String {
        let place = line.map { "\(source):\($0)" } ?? source
        return [place, key, message].compactMap(\.self).joined(separator: ": ")
    }
}
