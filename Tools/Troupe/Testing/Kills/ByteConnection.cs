using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Troupe.Tools.Networks;
using Troupe.Tools.Testing.Net;

namespace Troupe.Tools.Testing.Kills;

/// <summary>A connection to one of the guest's servers of bytes (Apps/SelfTest/DriverKills.cs), one request long: every byte is compared, and the longest silence noted.</summary>
internal static class ByteConnection
{
    private const int Chunk = 16 * 1024;
    private const int LongestHead = 512;

    /// <summary>Fetches so many bytes. The longest time in which nothing came, the connecting included.</summary>
    /// <exception cref="IOException">The connection broke off, or a byte is wrong.</exception>
    public static async Task<TimeSpan> GetAsync(IPEndPoint server, long count, CancellationToken cancellation)
    {
        var silence = new SilenceClock();
        using var socket = await ConnectAsync(server, cancellation).ConfigureAwait(false);
        silence.Broken();
        await SendAsync(socket, Encoding.ASCII.GetBytes($"GET /bytes?count={count.ToString(CultureInfo.InvariantCulture)} HTTP/1.1\r\nHost: guest\r\n\r\n"), silence, cancellation).ConfigureAwait(false);
        var (head, rest) = await ReadHeadAsync(socket, silence, cancellation).ConfigureAwait(false);
        if (!head.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal))
        {
            throw new IOException($"the answer begins with {head}");
        }

        byte[] bytes = new byte[Chunk], expected = new byte[Chunk];
        rest.CopyTo(bytes, 0);
        var filled = rest.Length;
        for (long position = 0; position < count;)
        {
            var wanted = (int)Math.Min(Chunk, count - position);
            while (filled < wanted)
            {
                filled += await ReceiveAsync(socket, bytes.AsMemory(filled, wanted - filled), silence, cancellation).ConfigureAwait(false);
            }

            ByteSequence.Fill(expected, position);
            if (!bytes.AsSpan(0, wanted).SequenceEqual(expected.AsSpan(0, wanted)))
            {
                throw new IOException($"a byte of {position} to {position + wanted} is wrong");
            }

            position += wanted;
            filled = 0;
        }

        return silence.Longest;
    }

    /// <summary>Sends so many bytes, which the guest compares.</summary>
    /// <exception cref="IOException">The connection broke off, or a byte is wrong.</exception>
    public static async Task<TimeSpan> PutAsync(IPEndPoint server, long count, CancellationToken cancellation)
    {
        var silence = new SilenceClock();
        using var socket = await ConnectAsync(server, cancellation).ConfigureAwait(false);
        silence.Broken();
        await SendAsync(socket, Encoding.ASCII.GetBytes($"PUT /bytes HTTP/1.1\r\nHost: guest\r\nContent-Length: {count.ToString(CultureInfo.InvariantCulture)}\r\n\r\n"), silence, cancellation).ConfigureAwait(false);
        var bytes = new byte[Chunk];
        for (long position = 0; position < count; position += Chunk)
        {
            ByteSequence.Fill(bytes, position);
            await SendAsync(socket, bytes.AsMemory(0, (int)Math.Min(Chunk, count - position)), silence, cancellation).ConfigureAwait(false);
        }

        var (head, rest) = await ReadHeadAsync(socket, silence, cancellation).ConfigureAwait(false);
        var said = Encoding.ASCII.GetString(rest);
        while (!said.EndsWith('\n'))
        {
            var more = new byte[LongestHead];
            said += Encoding.ASCII.GetString(more, 0, await ReceiveAsync(socket, more, silence, cancellation).ConfigureAwait(false));
        }

        return said.EndsWith("all right\n", StringComparison.Ordinal) ? silence.Longest : throw new IOException($"the guest says: {head} {said}");
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint server, CancellationToken cancellation)
    {
        try
        {
            return await PrivateNetwork.ConnectAsync(new IPEndPoint(IPAddress.Any, 0), server, cancellation).ConfigureAwait(false);
        }
        catch (SocketException exception)
        {
            throw new IOException($"it does not open: {exception.Message}", exception);
        }
    }

    private static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes, SilenceClock silence, CancellationToken cancellation)
    {
        while (!bytes.IsEmpty)
        {
            try
            {
                bytes = bytes[await socket.SendAsync(bytes, cancellation).ConfigureAwait(false)..];
            }
            catch (SocketException exception)
            {
                throw new IOException($"it broke off: {exception.Message}", exception);
            }

            silence.Broken();
        }
    }

    private static async Task<int> ReceiveAsync(Socket socket, Memory<byte> into, SilenceClock silence, CancellationToken cancellation)
    {
        int count;
        try
        {
            count = await socket.ReceiveAsync(into, cancellation).ConfigureAwait(false);
        }
        catch (SocketException exception)
        {
            throw new IOException($"it broke off: {exception.Message}", exception);
        }

        silence.Broken();
        return count > 0 ? count : throw new IOException("it ends too early");
    }

    /// <summary>The head of the answer, and what came with it of the body.</summary>
    private static async Task<(string Head, byte[] Body)> ReadHeadAsync(Socket socket, SilenceClock silence, CancellationToken cancellation)
    {
        var bytes = new byte[LongestHead];
        for (var length = 0; length < LongestHead;)
        {
            length += await ReceiveAsync(socket, bytes.AsMemory(length), silence, cancellation).ConfigureAwait(false);
            if (bytes.AsSpan(0, length).IndexOf("\r\n\r\n"u8) is >= 0 and var end)
            {
                return (Encoding.ASCII.GetString(bytes, 0, end), bytes[(end + 4)..length]);
            }
        }

        throw new IOException("the answer has no end of its head");
    }

    private sealed class SilenceClock
    {
        private long _since = Stopwatch.GetTimestamp();

        public TimeSpan Longest { get; private set; }

        public void Broken()
        {
            var silent = Stopwatch.GetElapsedTime(_since);
            Longest = silent > Longest ? silent : Longest;
            _since = Stopwatch.GetTimestamp();
        }
    }
}
