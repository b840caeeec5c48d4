using System.Collections.Immutable;
using Troupe.Actors.TestKit;
using Troupe.Apps.Hosting;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Net.Tests.Interfaces;

/// <summary>
/// A host with two devices, in virtual time, on one thread: eth0 at 10.1.0.2/24 and eth1 at 10.2.0.2/24 unless a test says otherwise, each on a link of its own,
/// whose far end is a test's or another host's.
/// </summary>
internal sealed class TwoInterfaces
{
    public static readonly TcpApplicationOptions InTurns = new() { RunsInTurns = true };

    public static readonly NetworkConfiguration Static = new()
    {
        Static = new(new(V4("10.1.0.2"), 24)),
        Ipv6 = null,
        FurtherInterfaces = Second(new() { Static = new(new(V4("10.2.0.2"), 24)), Ipv6 = null }),
    };

    private TwoInterfaces(TestSystem test, InProcessLink[] links) => (Test, Links) = (test, links);

    public TestSystem Test { get; }

    public InProcessLink[] Links { get; }

    /// <summary>The far ends, for who does not put a host there.</summary>
    public LinkEnd[] Ends { get; private set; } = [];

    public NetworkStack Stack { get; private set; } = null!;

    public static void Run(Func<TwoInterfaces, Task> scenario, NetworkConfiguration? configuration = null, int secondMtu = 1500, int seed = 1) => TestSystem.Run(
        async test =>
        {
            TwoInterfaces host = new(test, [new(test.System), new(test.System, number: 1, maximumTransmissionUnit: secondMtu)]);
            host.Ends = [.. host.Links.Select(link => new LinkEnd(test, link))];
            foreach (LinkEnd end in host.Ends)
                await end.AttachAsync();
            host.Stack = await NetworkStack.StartAsync(
                test.System, [.. host.Links.Select(static link => link.Second)], configuration ?? Static, new SeededRandomness(seed), CancellationToken.None);
            await test.WhenIdle();
            await scenario(host);
            Assert.Equal(0, test.System.FailureCount);
            Assert.All(host.Stack.Interfaces, static one => Assert.Equal(0, one.Link.Frames.MisuseCount));
        },
        new TestOptions { Seed = seed });

    public static ImmutableDictionary<int, InterfaceSetup> Second(InterfaceSetup setup) => ImmutableDictionary<int, InterfaceSetup>.Empty.Add(1, setup);

    /// <summary>Puts a host at the far end of a link.</summary>
    public Task<NetworkStack> StartPeerAsync(int link, NetworkConfiguration configuration) =>
        NetworkStack.StartAsync(Test.System, Links[link].First, configuration, new SeededRandomness(100 + link));

    public Task AdvanceAsync(double seconds) => Test.AdvanceAsync(TimeSpan.FromSeconds(seconds));

    public void ClearFrames()
    {
        foreach (LinkEnd end in Ends)
            end.Frames.Clear();
    }

    /// <summary>Sends a datagram from whichever address suits.</summary>
    public async Task SendDatagramAsync(string to, byte interfaceIndex = 0)
    {
        Assert.True(Stack.Link.Frames.TryRent(out Drivers.Contracts.FrameBuffer payload));
        payload.Append("datagram"u8);
        IpAddress destination = Address(to);
        IpAddress any = destination.IsIpv4 ? Ipv4Address.Any : default(IpAddress);
        await Stack.Udp.TellAsync(UdpMessage.Send(new(payload, new(any, 5000), new(destination, 6000), new(MayFragment: true, Interface: interfaceIndex))));
        await Test.WhenIdle();
    }

    /// <summary>Octets to a peer's port and back, over a connection that is closed at the end.</summary>
    public async Task ExchangeAsync(NetworkStack peer, IpEndPoint at, byte[] octets)
    {
        TcpListener listener = (await peer.ListenAsync(at.Port, InTurns))!;
        ValueTask<TcpConnection?> accepting = listener.AcceptAsync();
        TcpConnection client = await Stack.ConnectAsync(at, InTurns);
        TcpConnection server = (await accepting)!;
        Task<byte[]> arriving = TwoStacks.ReadAllAsync(server.Input);
        await client.Output.WriteAsync(octets);
        client.Output.Complete();
        Assert.Equal(octets, await arriving);
        Task<byte[]> returning = TwoStacks.ReadAllAsync(client.Input);
        await server.Output.WriteAsync(octets);
        server.Output.Complete();
        Assert.Equal(octets, await returning);
        await server.DisposeAsync();
        client.Input.Complete();
        await listener.DisposeAsync();
    }

    public static Ipv4Address V4(string text) => Address(text).Ipv4;

    public static IpAddress Address(string text) => IpAddress.TryParse(text, out IpAddress address) ? address : throw new FormatException(text);
}
