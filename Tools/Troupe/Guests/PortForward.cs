using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Guests;

/// <summary>A TCP port of this host's loopback address that leads to a port of the guest.</summary>
/// <param name="HostPort">The port here.</param>
/// <param name="GuestPort">The port there.</param>
public sealed record PortForward(int HostPort, int GuestPort)
{
    /// <summary>Reads HOST:GUEST.</summary>
    public static PortForward Parse(string text)
    {
        var parts = text.Split(':');
        return parts.Length == 2 && Port(parts[0]) is { } host && Port(parts[1]) is { } guest
            ? new PortForward(host, guest)
            : throw new UserError(
                $"'{text}' is no port mapping.", "Write -p HOST:GUEST with ports from 1 to 65535, for example -p 8080:8080.");
    }

    /// <summary>Refuses a mapping that cannot work before a guest is started for it.</summary>
    public static void Check(IReadOnlyList<PortForward> forwards)
    {
        foreach (var twice in forwards.GroupBy(forward => forward.HostPort).Where(group => group.Count() > 1))
        {
            throw new UserError($"port {twice.Key} of this host is mapped twice.", "Give each -p its own host port.");
        }

        foreach (var forward in forwards)
        {
            using var probe = forward.Listen(backlog: 1);
        }
    }

    /// <summary>Listens on the host port, or says how to find out who has it.</summary>
    public Socket Listen(int backlog)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        // A port in TIME_WAIT counts as free without asking for it. Asking (ReuseAddress) would set SO_REUSEPORT too, and two guests would share the port.
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, HostPort));
            socket.Listen(backlog);
            return socket;
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw exception.SocketErrorCode == SocketError.AccessDenied
                ? new UserError($"port {HostPort} of this host needs root.", $"Take one above 1023: -p 8080:{GuestPort}", ExitCodes.Broken)
                : new UserError(
                    $"port {HostPort} of this host is in use.",
                    $"Take another: -p {HostPort + 1}:{GuestPort} (who has it: ss -ltnp 'sport = :{HostPort}')",
                    ExitCodes.Broken);
        }
    }

    /// <summary>A port that nobody has at this moment, for what only this process and its guest know of.</summary>
    public static int FreePort()
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    private static int? Port(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= 65535 ? port : null;
}
