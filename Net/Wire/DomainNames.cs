// RFC 1035 3.1 without compression: the lists of domains in RFC 8106 5.2 and RFC 3646 4.
using System.Text;

namespace Troupe.Net.Wire;

/// <summary>Names one after another, as options list domains to search.</summary>
internal static class DomainNames
{
    /// <summary>Takes the next; false when there is none, or zeroes alone, or it is no host's domain.</summary>
    public static bool TryTake(ref ReadOnlySpan<byte> names, out string domain)
    {
        StringBuilder text = new();
        domain = "";
        while (names.Length > 0)
        {
            int length = names[0];
            names = names[1..];
            if (length == 0)
            {
                domain = text.ToString();
                return domain.Length > 0;
            }

            // The dot before a label stands for its length on the wire; around all of them are the first one's and the end.
            if (length > 63 || length > names.Length || text.Length + (text.Length > 0 ? 1 : 0) + length + 2 > DnsName.MaximumLength)
                return false;
            if (text.Length > 0)
                text.Append('.');
            foreach (byte octet in names[..length])
            {
                // Letters, digits, hyphens and underscores: anything else is no host's domain, and could be misread where names are printed.
                if (!char.IsAsciiLetterOrDigit((char)octet) && octet is not ((byte)'-' or (byte)'_'))
                    return false;
                text.Append((char)octet);
            }

            names = names[length..];
        }

        return false;
    }
}
