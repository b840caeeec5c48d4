using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Troupe.Tools.Networks.Attacks;

namespace Troupe.Tools.Testing.Attacks;

/// <summary>Something done to a guest while an honest client asks for pages.</summary>
/// <param name="Name">The name, for <c>--filter</c>.</param>
/// <param name="What">What it does.</param>
/// <param name="RunAsync">Does it; the answer says what went wrong, if it can tell.</param>
/// <param name="Check">What else must hold between the guest's reports before and after.</param>
internal sealed record Attack(
    string Name, string What, Func<AttackScene, CancellationToken, Task<string?>> RunAsync, Func<GuestReport, GuestReport, string?>? Check = null)
{
    private static readonly TimeSpan _flood = TimeSpan.FromSeconds(15);
    private const int Connections = 400;
    // TcpConfiguration.HalfOpenConnections, and those of honest clients.
    private const int MostHalfOpen = 256 + 32;
    private const ushort GuessedPort = 33_333;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Attack> All(long mutatedFrames) =>
    [
        Flood("syn-flood", "SYNs from anywhere", forge => forge.Syn(), (before, after) =>
            after["TCP.cookies"] == before["TCP.cookies"] ? "no cookie was given" : after["connections"] > MostHalfOpen ? $"{after["connections"]} connections" : null),
        Flood("ping-flood", "echo requests from beyond the gateway and from one neighbour", forge =>
            forge.Ping(forge.Random.Next(2) == 0 ? forge.AnyAddress() : forge.Target.Attacker, forge.Random.Next(1400))),
        Flood("ping-neighbours", "echo requests, IPv4 and IPv6, from neighbours that are not there", forge =>
            forge.Random.Next(2) == 0 ? forge.Ping(forge.NearAddress()) : forge.Ping6(forge.NearLinkLocal())),
        Flood("fragments", "fragments, IPv4 and IPv6, of datagrams that never become whole", forge =>
            forge.Random.Next(2) == 0 ? forge.Fragment(forge.AnyAddress()) : forge.Fragment6(forge.NearLinkLocal())),
        Flood("neighbour-flood", "ARP requests and neighbour solicitations from stations that are not there", forge => forge.Random.Next(2) == 0
            ? forge.ArpRequest(forge.NearAddress(), forge.AnyHardware())
            : forge.Solicitation(forge.NearLinkLocal(), forge.AnyHardware())),
        Flood("udp-flood", "datagrams to ports that nobody listens on", forge => forge.Udp(forge.AnyAddress(), forge.Port(), forge.Port(), new byte[forge.Random.Next(1400)])),
        Flood("segment-flood", "segments of connections that there are not", forge => forge.Tcp(
            forge.AnyAddress(), forge.Port(), forge.Random.Next(2) == 0 ? forge.Target.Port : forge.Port(), (uint)forge.Random.NextInt64(), (uint)forge.Random.NextInt64(),
            (ForgedFlags)forge.Random.Next(64), data: new byte[forge.Random.Next(2) * 100])),
        new("guesses", "resets, SYNs, acknowledgements and data in every window of a connection's sequence space", GuessAsync),
        new("holes", "connections that hold segments out of order", LeaveHolesAsync),
        new("slow-readers", $"{Connections} connections that ask for 16 MB each and read nothing", ReadSlowlyAsync),
        new("slow-writers", $"{Connections} connections that send a request an octet a second", WriteSlowlyAsync),
        new("mutated", $"{mutatedFrames:N0} random and mutated frames of every protocol", async (scene, cancellation) =>
        {
            var frames = new MutatedFrames(scene.Target, scene.Seed);
            await scene.FloodAsync(mutatedFrames, TimeSpan.FromMinutes(10), frames.Next, cancellation).ConfigureAwait(false);
            return scene.Sent < mutatedFrames ? $"the guest took {scene.Sent} frames in ten minutes" : null;
        }),
    ];

    private static Attack Flood(string name, string what, Func<FrameForge, byte[]> frame, Func<GuestReport, GuestReport, string?>? check = null) => new(
        name, what,
        async (scene, cancellation) =>
        {
            await scene.FloodAsync(long.MaxValue, _flood, () => frame(scene.Forge), cancellation).ConfigureAwait(false);
            return null;
        },
        check);

    // RFC 5961. The attacker knows the connection's addresses and ports, and cannot see it.
    private static async Task<string?> GuessAsync(AttackScene scene, CancellationToken cancellation)
    {
        using var socket = await AttackScene.ConnectAsync(cancellation, GuessedPort).ConfigureAwait(false);
        // A reset at the end: the next guest's turn comes sooner than TIME-WAIT ends.
        socket.LingerState = new LingerOption(true, 0);
        async Task<bool> AnswersAsync()
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(HonestClient.Limit);
            try
            {
                return (await HttpExchange.GetAsync(socket, "/", close: false, limit.Token).ConfigureAwait(false)).StartsWith("hit ", StringComparison.Ordinal);
            }
            catch (Exception exception) when (exception is SocketException or IOException or OperationCanceledException)
            {
                return false;
            }
        }

        if (!await AnswersAsync().ConfigureAwait(false))
        {
            return "the connection was not served to begin with";
        }

        var forge = scene.Forge;
        var phase = (uint)forge.Random.NextInt64();
        uint guess = 0;
        byte[] timestamps = [1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0];
        byte[] Next()
        {
            var flags = (guess & 3) switch { 0 => ForgedFlags.Rst, 1 => ForgedFlags.Syn, 2 => ForgedFlags.Ack, _ => ForgedFlags.Ack | ForgedFlags.Psh };
            BinaryPrimitives.WriteUInt32BigEndian(timestamps.AsSpan(4), (uint)forge.Random.NextInt64());
            // A step is less than the window that a peer may be granted.
            var sequence = phase + ((guess++ >> 2) * 0xFFFF);
            return forge.Tcp(
                forge.Target.Attacker, GuessedPort, GuestOnTap.Port, sequence, (uint)forge.Random.NextInt64(), flags, flags == ForgedFlags.Rst ? [] : timestamps,
                (flags & ForgedFlags.Psh) != 0 ? "GET /evil HTTP/1.1\r\n\r\n"u8 : []);
        }

        await scene.FloodAsync(4L << 16, TimeSpan.FromMinutes(2), Next, cancellation).ConfigureAwait(false);
        return await AnswersAsync().ConfigureAwait(false) ? null : "the connection did not survive";
    }

    // Each segment out of order holds a frame of the device's receive ring.
    private static async Task<string?> LeaveHolesAsync(AttackScene scene, CancellationToken cancellation)
    {
        const ushort First = 34_000;
        const int Victims = 16;
        using var sockets = new Sockets();
        using var ear = new SegmentEar();
        for (var index = 0; index < Victims; index++)
        {
            var socket = await AttackScene.ConnectAsync(cancellation, First + index).ConfigureAwait(false);
            sockets.Add(socket);
            // The first octet shows the sequence numbers to whoever hears the link.
            await socket.SendAsync("G"u8.ToArray(), cancellation).ConfigureAwait(false);
        }

        var seen = ear.Heard(AttackScene.AttackerAddress, First, Victims);
        if (seen.Count < Victims)
        {
            return $"only {seen.Count} of {Victims} connections were heard";
        }

        for (var round = 0; round < 10; round++)
        {
            foreach (var (port, (sequence, acknowledgement, timestamp)) in seen)
            {
                for (uint hole = 0; hole < 100; hole++)
                {
                    byte[] options = [1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0];
                    BinaryPrimitives.WriteUInt32BigEndian(options.AsSpan(4), timestamp);
                    scene.Send(scene.Forge.Tcp(
                        scene.Target.Attacker, port, GuestOnTap.Port, sequence + 10 + (2 * hole), acknowledgement, ForgedFlags.Ack, options, "x"u8));
                }
            }

            await Task.Delay(1000, cancellation).ConfigureAwait(false);
        }

        return null;
    }

    private static async Task<string?> ReadSlowlyAsync(AttackScene scene, CancellationToken cancellation)
    {
        using var sockets = new Sockets();
        for (var index = 0; index < Connections; index++)
        {
            var socket = await AttackScene.ConnectAsync(cancellation).ConfigureAwait(false);
            sockets.Add(socket);
            await socket.SendAsync(HttpExchange.Request("/bytes?count=16777216", close: false), cancellation).ConfigureAwait(false);
        }

        await Task.Delay(_flood, cancellation).ConfigureAwait(false);
        return null;
    }

    private static async Task<string?> WriteSlowlyAsync(AttackScene scene, CancellationToken cancellation)
    {
        using var sockets = new Sockets();
        for (var index = 0; index < Connections; index++)
        {
            sockets.Add(await AttackScene.ConnectAsync(cancellation).ConfigureAwait(false));
        }

        var request = Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\n");
        for (var octet = 0; octet < request.Length - 1; octet++)
        {
            foreach (var socket in sockets)
            {
                await socket.SendAsync(request.AsMemory(octet, 1), cancellation).ConfigureAwait(false);
            }

            await Task.Delay(1000, cancellation).ConfigureAwait(false);
        }

        return null;
    }

    private sealed class Sockets : List<Socket>, IDisposable
    {
        public void Dispose()
        {
            foreach (var socket in this)
            {
                // Resets: an attacker does not stay to say goodbye.
                socket.LingerState = new LingerOption(true, 0);
                socket.Dispose();
            }
        }
    }
}
