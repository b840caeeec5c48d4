using System.Net.Sockets;
using System.Text;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Guests;

/// <summary>A console port of the guest and the Unix socket at its other end.</summary>
/// <param name="Name">The port's name, as the guest knows it.</param>
/// <param name="Socket">The socket's full name; QEMU makes it.</param>
public sealed record GuestChannel(string Name, string Socket)
{
    /// <summary>As many as the driver serves (VirtioConsoleDevice.MaximumPorts), without port 0, which QEMU keeps for a console.</summary>
    public const int Most = 15;

    // struct sockaddr_un, less the zero at its end.
    private const int LongestPath = 107;

    /// <summary>Reads <c>NAME=SOCKET</c>, each; says what is wrong with one that cannot be.</summary>
    public static IReadOnlyList<GuestChannel> Parse(IReadOnlyList<string> texts)
    {
        if (texts.Count > Most)
        {
            throw new UserError($"--channel stands there {texts.Count} times; a guest has {Most} channels at most.");
        }

        var channels = texts.Select(Parse).ToList();
        foreach (var channel in channels)
        {
            if (channels.Count(other => other.Name == channel.Name || other.Socket == channel.Socket) > 1)
            {
                throw new UserError($"'{channel.Name}={channel.Socket}' is there twice, its name or its socket.", "Each channel needs a name and a socket of its own.");
            }
        }

        return channels;
    }

    private static GuestChannel Parse(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0 || equals == text.Length - 1)
        {
            throw new UserError($"'{text}' is no channel.", "Write --channel NAME=SOCKET, as in --channel org.troupe.monitor=/tmp/monitor.sock");
        }

        var path = Path.GetFullPath(text[(equals + 1)..]);
        if (Encoding.UTF8.GetByteCount(path) > LongestPath)
        {
            throw new UserError($"the socket '{path}' has a name of more than {LongestPath} octets.", "Linux takes no longer ones; choose another directory.");
        }

        if (!Directory.Exists(Path.GetDirectoryName(path)))
        {
            throw new UserError($"the directory of '{path}' does not exist.");
        }

        return new GuestChannel(text[..equals], path);
    }

    /// <summary>Connects to a socket that a guest's QEMU made.</summary>
    public static async Task<NetworkStream> ConnectAsync(string socket, CancellationToken cancellation)
    {
        var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation).ConfigureAwait(false);
            return new NetworkStream(connection, ownsSocket: true);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentOutOfRangeException)
        {
            connection.Dispose();
            throw new UserError($"nobody listens at '{socket}'.", "Start a guest with ./troupe run APP --channel org.troupe.monitor=SOCKET");
        }
    }
}
