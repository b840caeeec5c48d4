using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Troupe.Apps.Benchmark;

namespace Troupe.Apps.SelfTest;

/// <summary>
/// HTTP/1.1 on the base class library's sockets, as much of it as <c>./troupe test kills</c> asks for: GET /bytes?count=N sends <see cref="ByteSequence"/>, and PUT /bytes
/// compares what comes with it. What Kestrel does is not by these sockets.
/// </summary>
internal static class ByteServer
{
    private const int Chunk = 16 * 1024;
    private const int LongestHead = 4096;

    internal const int Port = 8081;

    /// <summary>Serves for ever.</summary>
    internal static async Task RunAsync()
    {
        using TcpListener listener = new(IPAddress.Any, Port);
        listener.Start();
        while (true)
            _ = ServeAsync(await listener.AcceptTcpClientAsync());
    }

    private static async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            client.NoDelay = true;
            try
            {
                using NetworkStream stream = client.GetStream();
                while (await ReadHeadAsync(stream) is { } head)
                    await AnswerAsync(stream, head);
            }
            catch (IOException exception)
            {
                Console.WriteLine($"server: a connection broke off: {exception.Message}");
            }
        }
    }

    private static async Task AnswerAsync(NetworkStream stream, string head)
    {
        string[] words = head[..head.IndexOf('\r')].Split(' ');
        const string Bytes = "/bytes?count=";
        switch (words)
        {
            case ["GET", var path, ..] when path.StartsWith(Bytes, StringComparison.Ordinal):
                long count = long.Parse(path.AsSpan(Bytes.Length), CultureInfo.InvariantCulture);
                await stream.WriteAsync(Head(count));
                byte[] chunk = new byte[Chunk];
                for (long position = 0; position < count; position += chunk.Length)
                {
                    ByteSequence.Fill(chunk, position);
                    await stream.WriteAsync(chunk.AsMemory(0, (int)Math.Min(chunk.Length, count - position)));
                }

                break;
            case ["PUT", ..]:
                await SayAsync(stream, await CompareAsync(stream, LengthOf(head)));
                break;
            default:
                throw new IOException($"there is nothing at {head[..head.IndexOf('\r')]}");
        }
    }

    private static async Task<string> CompareAsync(NetworkStream stream, long count)
    {
        byte[] bytes = new byte[Chunk], expected = new byte[Chunk];
        long wrong = -1;
        for (long position = 0; position < count; position += Chunk)
        {
            int length = (int)Math.Min(Chunk, count - position);
            await stream.ReadExactlyAsync(bytes.AsMemory(0, length));
            ByteSequence.Fill(expected, position);
            int equal = bytes.AsSpan(0, length).CommonPrefixLength(expected);
            if (equal < length && wrong < 0)
                wrong = position + equal;
        }

        return wrong < 0 ? $"{count} bytes, all right" : $"byte {wrong} of {count} is wrong";
    }

    /// <summary>The head of the next request, to its empty line; null: the client has closed. What follows it stays in the stream, so it is read byte by byte.</summary>
    private static async Task<string?> ReadHeadAsync(NetworkStream stream)
    {
        byte[] head = new byte[LongestHead];
        for (int length = 0; length < head.Length;)
        {
            int count = await stream.ReadAsync(head.AsMemory(length, 1));
            if (count == 0)
                return length == 0 ? null : throw new IOException("it ends in the middle of a request");
            length += count;
            if (head.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
                return Encoding.ASCII.GetString(head, 0, length);
        }

        throw new IOException("its request is too long");
    }

    private static long LengthOf(string head)
    {
        const string Header = "Content-Length: ";
        int start = head.IndexOf(Header, StringComparison.OrdinalIgnoreCase);
        return start < 0 ? 0 : long.Parse(head.AsSpan(start + Header.Length, head.IndexOf('\r', start) - start - Header.Length), CultureInfo.InvariantCulture);
    }

    private static async Task SayAsync(NetworkStream stream, string text)
    {
        byte[] body = Encoding.UTF8.GetBytes(text + "\n");
        await stream.WriteAsync((byte[])[.. Head(body.Length), .. body]);
    }

    private static byte[] Head(long length) => Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
}
