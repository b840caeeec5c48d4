// RFC 4861, RFC 4862 5.5, RFC 8106 against radvd.
using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Sockets;
using Troupe.Tools.Networks;
using Troupe.Tools.Testing.Attacks;

namespace Troupe.Tools.Testing.Daemons;

/// <summary>A router's prefix, MTU and DNS server are taken, and end when their time is over.</summary>
internal static class RouterScenario
{
    private const int Mtu = 1400;
    private const int Preferred = 15;
    private const int Valid = 35;
    private const int ServerLifetime = 20;
    private static readonly TimeSpan _boot = TimeSpan.FromSeconds(90);

    public static async Task RunAsync(DaemonRun run, CancellationToken cancellation)
    {
        await PrivateNetwork.MustAsync(cancellation, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/forwarding").ConfigureAwait(false);
        await PrivateNetwork.MustAsync(cancellation, "ip", "address", "add", "2001:db8:1::1/64", "dev", GuestOnTap.Tap, "nodad").ConfigureAwait(false);
        var configuration = run.Write(
            "radvd.conf",
            $$"""
            interface {{GuestOnTap.Tap}}
            {
                AdvSendAdvert on;
                MinRtrAdvInterval 3;
                MaxRtrAdvInterval 4;
                AdvDefaultLifetime 30;
                AdvLinkMTU {{Mtu}};
                prefix 2001:db8:1::/64 { AdvOnLink on; AdvAutonomous on; AdvValidLifetime {{Valid}}; AdvPreferredLifetime {{Preferred}}; };
                RDNSS 2001:db8:1::53 { AdvRDNSSLifetime {{ServerLifetime}}; };
                DNSSL router.example { AdvDNSSLLifetime {{ServerLifetime}}; };
            };

            """);
        using var radvd = Daemon.Start("radvd", "--nodaemon", "--logmethod", "stderr", "--config", configuration, "--pidfile", run.Write("radvd.pid", string.Empty));
        using var guest = run.Boot(GuestOnTap.Fixed);
        var has = await guest.HasAsync(state => state.Ipv6.StartsWith("2001:db8:1:", StringComparison.Ordinal), _boot, cancellation).ConfigureAwait(false);
        run.Report("radvd: an address of the prefix", has && guest.Now.Ipv6.EndsWith("/64", StringComparison.Ordinal), has ? guest.Now.Ipv6 : string.Join('\n', radvd.Lines.TakeLast(5)) + guest.LastWords);
        if (!has)
        {
            return;
        }

        var address = guest.Now.Ipv6.Split('/')[0];
        run.Report(
            "radvd: RDNSS and DNSSL", guest.Now is { Servers: "2001:db8:1::53", Search: "router.example" }, $"servers {guest.Now.Servers}, search {guest.Now.Search}");
        var largest = Task.Run(() => LargestPacket(TimeSpan.FromSeconds(10)), cancellation);
        var bytes = await guest.GetAsync("/bytes?count=65536", TimeSpan.FromSeconds(20), cancellation, $"[{address}]").ConfigureAwait(false);
        var octets = await largest.ConfigureAwait(false);
        run.Report("radvd: a transfer over IPv6 within the MTU", bytes is not null && octets is > 1000 and <= Mtu, $"the largest packet had {octets} octets");

        // Renewed by every advertisement for as long as there are any.
        var states = guest.Count;
        await Task.Delay(TimeSpan.FromSeconds(Preferred + 2), cancellation).ConfigureAwait(false);
        run.Report("radvd: lifetimes begin anew", guest.Count == states && guest.Now.Ipv6 == $"{address}/64", guest.Now.Text);

        radvd.Dispose();
        var clock = Stopwatch.StartNew();
        var deprecated = await guest.HasAsync(state => state.Ipv6.EndsWith("deprecated", StringComparison.Ordinal), TimeSpan.FromSeconds(Preferred + 5), cancellation).ConfigureAwait(false);
        var after = clock.Elapsed;
        var still = await guest.GetAsync("/", TimeSpan.FromSeconds(10), cancellation, $"[{address}]").ConfigureAwait(false) is not null;
        run.Report("radvd: deprecated, and still reached", deprecated && still, $"{after.TotalSeconds:0.0} s after the last advertisement or a little less");
        var forgotten = await guest.HasAsync(state => state.Servers == "none" && state.Search == "none", TimeSpan.FromSeconds(ServerLifetime + 5), cancellation).ConfigureAwait(false);
        run.Report("radvd: DNS servers end", forgotten, guest.Now.Text);
        var gone = await guest.HasAsync(state => state.Ipv6 == "none", TimeSpan.FromSeconds(Valid + 5), cancellation).ConfigureAwait(false);
        after = clock.Elapsed;
        run.Report("radvd: the address ends with its prefix", gone && after <= TimeSpan.FromSeconds(Valid + 3), $"{after.TotalSeconds:0.0} s");
    }

    // Of IPv6, from the guest's port, on the wire.
    private static int LargestPacket(TimeSpan during)
    {
        const int EthernetHeader = 14, Ipv6Header = 40, Tcp = 6;
        using var socket = PacketEndPoint.Open(GuestOnTap.Tap);
        socket.ReceiveTimeout = 100;
        var buffer = new byte[4096];
        var largest = 0;
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < during;)
        {
            try
            {
                var length = socket.Receive(buffer);
                ReadOnlySpan<byte> packet = buffer.AsSpan(EthernetHeader, Math.Max(0, length - EthernetHeader));
                if (packet.Length > Ipv6Header + 2 && packet[0] >> 4 == 6 && packet[6] == Tcp && BinaryPrimitives.ReadUInt16BigEndian(packet[Ipv6Header..]) == GuestOnTap.Port)
                {
                    largest = Math.Max(largest, packet.Length);
                }
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock)
            {
                // Nothing for a moment.
            }
        }

        return largest;
    }
}
