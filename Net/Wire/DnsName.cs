// RFC 1035 2.3.4, 3.1 and 4.1.4: names on the wire, with compression; RFC 4343: letters are equal whatever their case.
using System.Text;

namespace Troupe.Net.Wire;

/// <summary>Reads and writes names: labels with dots between them, in lower case, without the last dot; the root is empty.</summary>
public static class DnsName
{
    /// <summary>Octets of the longest name on the wire.</summary>
    public const int MaximumLength = 255;

    private const int MaximumLabel = 63;
    private const byte PointerBits = 0xC0;

    /// <summary>The name as all of this writes it; null for a text that is no name.</summary>
    public static string? Normalize(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string name = text.EndsWith('.') ? text[..^1] : text;
        if (name.Length == 0 || name.Length > MaximumLength - 2)
            return null;
        foreach (string label in name.Split('.'))
        {
            if (label.Length is 0 or > MaximumLabel || !label.All(IsLabelCharacter))
                return null;
        }

        return name.ToLowerInvariant();
    }

    /// <summary>Writes a normalised name; returns its octets.</summary>
    public static int Write(Span<byte> bytes, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        int at = 0;
        foreach (Range part in name.AsSpan().Split('.'))
        {
            ReadOnlySpan<char> label = name.AsSpan()[part];
            if (label.IsEmpty)
                continue;
            bytes[at] = (byte)label.Length;
            Encoding.ASCII.GetBytes(label, bytes[(at + 1)..]);
            at += 1 + label.Length;
        }

        bytes[at] = 0;
        return at + 1;
    }

    /// <summary>
    /// Reads a name and steps over it. A pointer leads back only, before all that was read so far, so the walk ends. A label with octets
    /// that no host's name has makes the name bad.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> message, ref int at, out string name)
    {
        name = "";
        StringBuilder text = new();
        int next = -1;
        int position = at;
        int bound = at;
        while (true)
        {
            if (position >= message.Length)
                return false;
            int length = message[position];
            if ((length & PointerBits) == PointerBits)
            {
                if (position + 1 >= message.Length)
                    return false;
                int target = ((length & ~PointerBits) << 8) | message[position + 1];
                if (next < 0)
                    next = position + 2;
                if (target >= bound)
                    return false;
                bound = position = target;
                continue;
            }

            if (length > MaximumLabel || position + 1 + length > message.Length || text.Length + length + 2 > MaximumLength)
                return false;
            position++;
            if (length == 0)
                break;
            if (text.Length > 0)
                text.Append('.');
            foreach (byte octet in message.Slice(position, length))
            {
                if (!IsLabelCharacter((char)octet))
                    return false;
                text.Append(char.ToLowerInvariant((char)octet));
            }

            position += length;
        }

        at = next < 0 ? position : next;
        name = text.ToString();
        return true;
    }

    /// <summary>Steps over a name, whatever its labels hold.</summary>
    public static bool TrySkip(ReadOnlySpan<byte> message, ref int at)
    {
        while (at < message.Length)
        {
            int length = message[at];
            if ((length & PointerBits) == PointerBits)
            {
                at += 2;
                return at <= message.Length;
            }

            if (length > MaximumLabel)
                return false;
            at += 1 + length;
            if (length == 0)
                return at <= message.Length;
        }

        return false;
    }

    // What RFC 1123 2.1 lets hosts have, and the underscore of service names.
    private static bool IsLabelCharacter(char character) => char.IsAsciiLetterOrDigit(character) || character is '-' or '_';
}
