/// Bounds on what a session's files may hold.
package enum SessionLimits {
    /// Bytes of one page of a session's databases.
    package static let pageSize = 4096
    /// Bytes of one `outbound.db`.
    package static let outboundFile = 8 * 1024 * 1024
    /// Bytes of one row's content.
    package static let rowContent = 256 * 1024
    /// Bytes that the texts of a message from a platform take of it as JSON; the rest is for its files and details.
    package static let platformTexts = 192 * 1024
    /// Rows of `messages_out` that no delivery records yet.
    package static let undeliveredRows = 1000
    /// Rows whose end one commit of the runner notes: more end a slice at a time, so that they never fill the file.
    package static let acksPerCommit = 1000
    /// Bytes of the words with which a row ends; what is more is cut off.
    package static let ackDetail = 4096
    /// Bytes of one attachment, either way, unless the configuration says otherwise.
    package static let attachment = 25 * 1024 * 1024
    /// Bytes of all attachments of one message, either way, unless the configuration says otherwise.
    package static let messageAttachments = 100 * 1024 * 1024
    /// Files that one outgoing message may name.
    package static let filesPerMessage = 100
    /// Times that a row is tried before it fails.
    package static let tries = 5
}
