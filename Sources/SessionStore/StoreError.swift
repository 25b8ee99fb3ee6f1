/// What goes wrong with a session's files, on either side.
package struct StoreError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    package enum Code: Sendable, Hashable {
        /// The other side holds a lock for longer than this side waits; try again later.
        case busy
        /// The disk is full; nothing was changed.
        case diskFull
        /// The device under the files failed (EIO); a commit may or may not have come to be.
        case inputOutput
        /// The database has reached the size it may have; nothing was changed.
        case fileFull
        /// As many rows wait for delivery as may; nothing was changed.
        case queueFull
        /// A row, or a file, is larger than it may be.
        case tooLarge
        /// The file is no database of ours, or damaged.
        case damaged
        /// The database was made by a newer version.
        case newerSchema
        /// A constraint of the schema refused the change.
        case constraint
        /// The file cannot be written from here.
        case readOnly
        /// A value that is refused as it stands: a name, a number, a missing row.
        case invalid
        /// A file or directory could not be made, read or removed.
        case files
        /// Anything else that SQLite reports.
        case database
    }

    package let code: Code
    /// What was being done, and what stood in the way.
    package let message: String
    /// SQLite's extended result code; 0 where SQLite had no part in it.
    package let extendedCode: Int32
    /// The error beneath, where there is one.
    package let cause: (any Error)?

    /// An error that says what was done and what stood in the way.
    package init(_ code: Code, _ message: String, extendedCode: Int32 = 0, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.extendedCode = extendedCode
        self.cause = cause
    }

    package var description: String {
        extendedCode == 0 ? message : "\(message) (SQLite \(extendedCode))"
    }
}
