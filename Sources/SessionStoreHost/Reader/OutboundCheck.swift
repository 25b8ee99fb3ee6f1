/// The first look of the delivery's reader at an `outbound.db`, for who only wants to know what it would say.
package enum OutboundCheck {
    /// Why the host would set these bytes aside; nil when it would read them.
    ///
    /// Nothing in them can act, and whoever made them, it ends within what one look may cost.
    package static func refusal(of bytes: [UInt8]) -> String? {
        if let reason = OutboundHeader.refusal(of: bytes, versions: HostileDatabase.versions) { return reason }
        do {
            _ = try HostileDatabase(bytes)
            return nil
        } catch {
            return "\(error)"
        }
    }
}
