import Glibc

/// A kernel error: the call that failed and its errno.
package struct Errno: Error, Sendable, Hashable, CustomStringConvertible {
    /// The `errno` value, positive.
    package let code: Int32
    /// What was tried: a call, or a call and its object.
    package let call: String

    /// The error of a call that answered `-code` or `code`.
    package init(_ code: some BinaryInteger, _ call: String) {
        self.code = Int32(code.magnitude)
        self.call = call
    }

    /// Passes on a result of 0 or more; throws a negative one as the error it is.
    @discardableResult
    package static func check<Result: SignedInteger>(
        _ result: Result,
        _ call: @autoclosure () -> String
    ) throws -> Result {
        guard result >= 0 else { throw Errno(result, call()) }
        return result
    }

    /// The errno of a libc call that just answered -1.
    package static func last(_ call: String) -> Errno { Errno(errno, call) }

    package var description: String { "\(call): \(String(cString: strerror(code))) (errno \(code))" }
}
