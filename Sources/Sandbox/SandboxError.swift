import Glibc

/// Why there is no sandbox.
package struct SandboxError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    package struct Code: Sendable, Hashable {
        private enum Value { case configuration, request, step, spawner }
        private let value: Value
        /// The home, the binaries or the service's user are not as they must be.
        package static let configuration = Code(value: .configuration)
        /// The request is malformed.
        package static let request = Code(value: .request)
        /// A step of the set-up failed: `step` and `errno` tell which and why.
        ///
        /// Nothing is left of it.
        package static let step = Code(value: .step)
        /// The spawner is not there.
        package static let spawner = Code(value: .spawner)
    }

    package let code: Code
    /// What was tried.
    package let step: String
    /// The kernel's answer; 0 where there was none.
    package let errno: Int32
    package let message: String

    /// `hint` says how to put it right.
    init(_ code: Code, step: String, errno: Int32, _ hint: String = "") {
        self.code = code
        self.step = step
        self.errno = errno
        let reason = errno == 0 ? step : "\(step): \(String(cString: strerror(errno))) (errno \(errno))"
        message = hint.isEmpty ? reason : "\(reason): \(hint)"
    }

    package var description: String { "sandbox: \(message)" }
}
