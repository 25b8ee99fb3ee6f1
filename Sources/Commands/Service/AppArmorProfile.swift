/// The AppArmor profile that lets one program make user namespaces where the distribution keeps them from all others.
enum AppArmorProfile {
    /// For the program at this path.
    static func text(program: String) -> String {
        """
        # Lets nanoclaw-sandbox, and nothing else, make the user namespaces of its sandboxes.
        abi <abi/4.0>,
        include <tunables/global>

        profile nanoclaw-sandbox \(quoted(program)) flags=(unconfined) {
          userns,
          include if exists <local/nanoclaw-sandbox>
        }

        """
    }

    /// A path in which nothing is a pattern.
    private static func quoted(_ path: String) -> String {
        var text = ""
        for character in path {
            if "\\\"*?[]{}^@,".contains(character) { text.append("\\") }
            text.append(character)
        }
        return "\"\(text)\""
    }
}
