using System.Net;
using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Net.Contracts;
using Troupe.Net.Sockets;

namespace Troupe.Net.Tests.Sockets;

/// <summary>What is beneath <c>Dns.GetHostAddresses</c>: the stack's resolver, asked by a thread that blocks.</summary>
public sealed class HostNameTests
{
    [Fact]
    public async Task ANameIsAskedOfTheStacksResolver()
    {
        await using TwoStacks stacks = await TwoStacks.StartAsync(seed: 3);
        FakeDnsServer server = new(
            stacks.Second.Udp, stacks.Second.Link,
            static asked => asked.Name == "example.org" ? asked.Addresses(60, "192.0.2.7", "2001:db8::7") : asked.Answer(Wire.DnsResponseCode.NameError));
        ActorRef<FakeDnsServer.Message> running = stacks.System.Spawn(server);
        await stacks.Second.Udp.TellAsync(UdpMessage.Bind(53, server.ReceiverFor(running)));
        stacks.First.NameServers.SetByHand([(Wire.IpAddress)TwoStacks.SecondAddress], []);
        SocketCalls calls = stacks.First.CreateSockets(new HostedMachine(), SocketHost.First);

        List<IPAddress> addresses = [];
        Assert.Equal(HostResolution.Found, calls.Resolve("example.org", 0, addresses));
        // There is no router, so what only one could reach comes last (RFC 6724 6, rules 1 and 2).
        Assert.Equal([IPAddress.Parse("192.0.2.7"), IPAddress.Parse("2001:db8::7")], addresses);
        List<IPAddress> version6 = [];
        Assert.Equal(HostResolution.Found, calls.Resolve("example.org", 23, version6));
        Assert.Equal([IPAddress.Parse("2001:db8::7")], version6);
        Assert.Equal(HostResolution.NotFound, calls.Resolve("nowhere.example.org", 0, []));
        Assert.Equal(["example.org", "nowhere.example.org"], server.Asked.Select(static asked => asked.Name).Distinct());
    }
}
