/// How a platform writes formatted text.
///
/// In every dialect raw HTML of the source is literal text, images are links (a picture that loads by itself would tell
/// its server who reads), and only `http`, `https` and `mailto` are links.
package enum ChatDialect: String, Sendable, Codable, CaseIterable {
    /// Readable text without markup: for platforms that have none, and when one refuses the formatting.
    case plain
    /// GitHub's Markdown in a normal form, which reads back as the same document.
    case markdown
    /// Telegram's `parse_mode` `MarkdownV2`: <https://core.telegram.org/bots/api#markdownv2-style>.
    case telegramMarkdownV2
    /// What Discord shows in messages: no tables, three levels of headings.
    case discord
    /// Slack's `mrkdwn`, in which nothing can be escaped but `&`, `<` and `>`.
    case slackMrkdwn
    /// `formatted_body` of `org.matrix.custom.html`: <https://spec.matrix.org/v1.15/client-server-api/#mroommessage-msgtypes>.
    case matrixHTML
    /// The body of the HTML part of an email, without `<html>` around it.
    case emailHTML

    /// The dialect of the plain text that goes along with this one; nil where there is only one text.
    package var companion: ChatDialect? {
        switch self {
        case .matrixHTML, .emailHTML: .plain
        default: nil
        }
    }
}
