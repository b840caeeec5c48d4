using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Troupe.Tools.Testing.Attacks;

/// <summary>One request and its answer on a socket: what a test of 10,000 connections can afford, and as strict as these answers need.</summary>
internal static class HttpExchange
{
    private const string HeaderEnd = "\r\n\r\n";

    /// <summary>The octets of a request.</summary>
    public static byte[] Request(string path, bool close) =>
        Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: guest\r\n{(close ? "Connection: close\r\n" : string.Empty)}\r\n");

    /// <summary>Asks for a page and reads all of it.</summary>
    /// <exception cref="IOException">The answer breaks off, or is no 200.</exception>
    public static async Task<string> GetAsync(Socket socket, string path, bool close, CancellationToken cancellation)
    {
        await socket.SendAsync(Request(path, close), cancellation).ConfigureAwait(false);
        var buffer = new byte[1024];
        var length = 0;
        while (true)
        {
            if (TryParse(Encoding.ASCII.GetString(buffer, 0, length), ended: false, out var body))
            {
                return body;
            }

            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, 4 * buffer.Length);
            }

            var count = await socket.ReceiveAsync(buffer.AsMemory(length), cancellation).ConfigureAwait(false);
            length += count;
            if (count == 0)
            {
                return TryParse(Encoding.ASCII.GetString(buffer, 0, length), ended: true, out body)
                    ? body
                    : throw new IOException($"the answer breaks off after {length} octets");
            }
        }
    }

    private static bool TryParse(string answer, bool ended, out string body)
    {
        body = string.Empty;
        var end = answer.IndexOf(HeaderEnd, StringComparison.Ordinal);
        if (end < 0)
        {
            return false;
        }

        if (!answer.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal))
        {
            throw new IOException(answer[..answer.IndexOf('\r', StringComparison.Ordinal)]);
        }

        var headers = answer[..end];
        var rest = answer[(end + HeaderEnd.Length)..];
        const string Length = "Content-Length: ";
        var at = headers.IndexOf(Length, StringComparison.OrdinalIgnoreCase);
        if (at >= 0)
        {
            var text = headers[(at + Length.Length)..].Split('\r')[0];
            var length = int.Parse(text, CultureInfo.InvariantCulture);
            body = rest.Length >= length ? rest[..length] : string.Empty;
            return rest.Length >= length;
        }

        if (!headers.Contains("chunked", StringComparison.OrdinalIgnoreCase))
        {
            body = rest;
            return ended;
        }

        var whole = new StringBuilder();
        while (true)
        {
            var line = rest.IndexOf("\r\n", StringComparison.Ordinal);
            if (line < 0)
            {
                return false;
            }

            var count = int.Parse(rest[..line], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (rest.Length < line + 4 + count)
            {
                return false;
            }

            if (count == 0)
            {
                body = whole.ToString();
                return true;
            }

            whole.Append(rest, line + 2, count);
            rest = rest[(line + 4 + count)..];
        }
    }
}
