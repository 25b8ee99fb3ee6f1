import CMarkGFM
import Synchronization

/// The C library, made ready once and entered by one thread at a time.
///
/// Its extensions are in a global list, and while a document is read it marks their special characters in a global table
/// (version 0.29.0.gfm.6), so that two parsers at once would read each other's state.
enum CMarkLibrary {
    private static let parsing: Mutex<Void> = {
        cmark_gfm_core_extensions_ensure_registered()
        return Mutex(())
    }()

    /// Parses and hands the root to `body`, which must not keep it.
    static func withDocument<Result: Sendable>(
        _ source: String,
        tables: Bool,
        _ body: (OpaquePointer) -> Result?
    ) -> Result? {
        let root: OpaquePointer? = parsing.withLock { _ in
            // C pointers leave the lock as numbers: they are this thread's alone.
            UInt(bitPattern: parse(source, tables: tables))
        }.pointer
        guard let root else { return nil }
        defer { cmark_node_free(root) }
        return body(root)
    }

    private static func parse(_ source: String, tables: Bool) -> OpaquePointer? {
        guard let parser = cmark_parser_new(CMARK_OPT_DEFAULT) else { return nil }
        defer { cmark_parser_free(parser) }
        for name in ["strikethrough", "autolink", "tasklist"] + (tables ? ["table"] : []) {
            guard let found = cmark_find_syntax_extension(name) else { continue }
            cmark_parser_attach_syntax_extension(parser, found)
        }
        var source = source
        source.withUTF8 { bytes in
            guard let start = bytes.baseAddress else { return }
            start.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
                cmark_parser_feed(parser, $0, bytes.count)
            }
        }
        return cmark_parser_finish(parser)
    }
}

extension UInt {
    fileprivate var pointer: OpaquePointer? { OpaquePointer(bitPattern: self) }
}
