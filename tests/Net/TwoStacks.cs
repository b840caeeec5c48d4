using System.IO.Pipelines;
using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tests;

/// <summary>Two hosts, 10.0.0.1 and 10.0.0.2, at the ends of one in-process link.</summary>
internal sealed class TwoStacks : IAsyncDisposable
{
    private TwoStacks(ActorSystem system, InProcessLink link, NetworkStack first, NetworkStack second)
    {
        System = system;
        Link = link;
        First = first;
        Second = second;
    }

    public ActorSystem System { get; }

    public InProcessLink Link { get; }

    public NetworkStack First { get; }

    public NetworkStack Second { get; }

    public static Ipv4Address FirstAddress => Ipv4Address.From(10, 0, 0, 1);

    public static Ipv4Address SecondAddress => Ipv4Address.From(10, 0, 0, 2);

    public static async Task<TwoStacks> StartAsync(
        int seed, Func<int, ReadOnlyMemory<byte>, LinkFate>? fate = null, TcpConfiguration? tcp = null, int frames = 4096, TimeProvider? time = null, bool ipv6 = false)
    {
        ActorSystem system = new(new() { Time = time ?? TimeProvider.System });
        InProcessLink link = new(system, fate, frames);
        SeededRandomness randomness = new(seed);
        NetworkConfiguration Configure(Ipv4Address address) => new()
        {
            Static = new(new(address, 24)),
            Tcp = tcp ?? new(),
            // 2001:db8::1 and 2001:db8::2, at once.
            Ipv6 = ipv6
                ? new() { Addresses = [new(new(0x2001_0DB8UL << 32, address.Value & 0xFF), 64)], DuplicateAddressProbes = 0, RouterSolicitations = 0 }
                : new(),
        };
        NetworkStack first = await NetworkStack.StartAsync(system, link.First, Configure(FirstAddress), randomness);
        NetworkStack second = await NetworkStack.StartAsync(system, link.Second, Configure(SecondAddress), randomness);
        while (ipv6 && (first.Addresses.Ipv6.Length < 2 || second.Addresses.Ipv6.Length < 2))
            await Task.Delay(1);
        return new(system, link, first, second);
    }

    /// <summary>A connection from the first to the second host: the ends of the one who connected and the one who accepted.</summary>
    public async Task<(TcpConnection Client, TcpConnection Server)> ConnectAsync(ushort port = 80, IpAddress? to = null)
    {
        await using TcpListener listener = (await Second.ListenAsync(port))!;
        Task<TcpConnection?> accepting = listener.AcceptAsync().AsTask();
        TcpConnection client = await First.ConnectAsync(new(to ?? SecondAddress, port));
        return (client, (await accepting)!);
    }

    public async ValueTask DisposeAsync() => await System.DisposeAsync();

    /// <summary>Everything the peer sends until its FIN.</summary>
    public static async Task<byte[]> ReadAllAsync(PipeReader reader)
    {
        using MemoryStream bytes = new();
        while (true)
        {
            ReadResult result = await reader.ReadAsync();
            foreach (ReadOnlyMemory<byte> part in result.Buffer)
                bytes.Write(part.Span);
            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                return bytes.ToArray();
        }
    }
}
