// What the DNS resolver and the DHCPv6 client hand on in a hot swap, in virtual time.
using Troupe.Apps.Hosting;
using Troupe.Net.Contracts;
using Troupe.Net.Tests.Interfaces;
using Troupe.Net.Wire;
using static Troupe.Net.Tests.Interfaces.TwoInterfaces;

namespace Troupe.Net.Tests;

public sealed class ResolverStateTests
{
    [Fact]
    public void TheResolverRemembersWhatItsPredecessorFoundForItsTime() => WithServer(
        static asked => asked.Addresses(100, "192.0.2.7"),
        async (host, server) =>
        {
            await host.Stack.ResolveAsync("example.org", DnsFamilies.Ipv4);
            await SwapAsync(host);
            DnsResult found = await host.Stack.ResolveAsync("example.org", DnsFamilies.Ipv4);
            Assert.Equal("192.0.2.7", Assert.Single(found.Addresses).ToString());
            Assert.Single(server.Asked);
            await host.AdvanceAsync(101);
            await host.Stack.ResolveAsync("example.org", DnsFamilies.Ipv4);
            Assert.Equal(2, server.Asked.Count);
        });

    // The question's actor is another one, and tells the resolver, whatever its behaviour.
    [Fact]
    public void WhoAskedThePredecessorIsAnswered()
    {
        bool isSilent = true;
        WithServer(
            asked => isSilent ? null : asked.Addresses(100, "192.0.2.7", "2001:db8::7"),
            async (host, server) =>
            {
                Task<DnsResult> first = Asking(host.Stack.ResolveAsync("example.org"));
                Task<DnsResult> second = Asking(host.Stack.ResolveAsync("example.org", DnsFamilies.Ipv4));
                await host.Test.WhenIdle();
                await SwapAsync(host);
                // They share the question that is out with whoever asks the new one.
                Task<DnsResult> third = Asking(host.Stack.ResolveAsync("example.org"));
                await host.Test.WhenIdle();
                Assert.Equal([DnsType.A, DnsType.Aaaa], server.Asked.Select(static asked => asked.Type).Order());
                isSilent = false;
                await host.AdvanceAsync(10);
                Assert.Equal(["192.0.2.7", "2001:db8::7"], (await first).Addresses.Select(static address => address.ToString()));
                Assert.Single((await second).Addresses);
                Assert.Equal(2, (await third).Addresses.Length);
            });
    }

    // The second of a name's candidates is being asked for, and the third is still to be.
    [Fact]
    public void ASearchGoesOnWhereItWas()
    {
        bool isSilent = true;
        WithServer(
            asked => asked.Name == "host.first.example" ? asked.Answer(DnsResponseCode.NameError) : isSilent ? null
                : asked.Name == "host" ? asked.Addresses(60, "192.0.2.9") : asked.Answer(DnsResponseCode.NameError),
            async (host, server) =>
            {
                Task<DnsResult> asking = Asking(host.Stack.ResolveAsync("host", DnsFamilies.Ipv4));
                await host.Test.WhenIdle();
                await SwapAsync(host);
                isSilent = false;
                await host.AdvanceAsync(10);
                Assert.Equal(("host", "192.0.2.9"), ((await asking).Name, Assert.Single((await asking).Addresses).ToString()));
                Assert.Equal(["host.first.example", "host.second.example", "host"], server.Asked.Select(static asked => asked.Name).Distinct());
            });
    }

    // A method, because a task made of the question would go on in the pool, outside of the test's order.
    private static async Task<DnsResult> Asking(ValueTask<DnsResult> question) => await question;

    private static void WithServer(Func<DnsAsked, byte[]?> answer, Func<TwoInterfaces, FakeDnsServer, Task> scenario) => TwoInterfaces.Run(
        async host =>
        {
            NetworkStack peer = await host.StartPeerAsync(0, new() { Static = new(new(V4("10.1.0.1"), 24)), Ipv6 = null });
            FakeDnsServer server = new(peer.Udp, peer.Link, answer);
            await peer.Udp.TellAsync(UdpMessage.Bind(53, server.ReceiverFor(host.Test.System.Spawn(server))));
            await scenario(host, server);
        },
        Static with { NameServers = [Address("10.1.0.1")], SearchDomains = ["first.example", "second.example"] });

    private static async Task SwapAsync(TwoInterfaces host)
    {
        await host.Stack.Dns.SwapAsync(host.Stack.CreateDns);
        await host.Test.WhenIdle();
    }
}
