using Troupe.Actors.TestKit;
using Troupe.Apps.Hosting;
using Troupe.Net.Contracts;

namespace Troupe.Net.Tests;

/// <summary>
/// Two whole stacks on one thread, in virtual time, in orders that follow from a seed, on a link that treats frames badly. Debug builds watch the
/// contracts and the waiting edges meanwhile.
/// </summary>
public sealed class SimulatedStackTests
{
    private const int Seeds = 10;
    private const int Octets = 50_000;

    [Fact]
    public void WhatIsSentArrivesInAnyOrderOfEvents() => TestSystem.RunSeeds(
        async test =>
        {
            (NetworkStack first, NetworkStack second) = await StartAsync(test);
            TcpApplicationOptions inTurns = new() { RunsInTurns = true };
            TcpListener listener = (await second.ListenAsync(80, inTurns))!;
            ValueTask<TcpConnection?> accepting = listener.AcceptAsync();
            TcpConnection client = await first.ConnectAsync(new(TwoStacks.SecondAddress, 80), inTurns);
            TcpConnection server = (await accepting)!;

            byte[] sent = new byte[Octets];
            test.Random.NextBytes(sent);
            Task<byte[]> arriving = TwoStacks.ReadAllAsync(server.Input);
            await client.Output.WriteAsync(sent);
            client.Output.Complete();
            Assert.Equal(sent, await arriving);

            await server.DisposeAsync();
            await TwoStacks.ReadAllAsync(client.Input);
            client.Input.Complete();
            await listener.DisposeAsync();
            Assert.Equal(TcpCloseReason.Closed, await server.Completion);
        },
        Seeds);

    [Fact]
    public void BothEndsCloseHoweverTheLinkHarmsTheirFrames() => TestSystem.RunSeeds(
        async test =>
        {
            // Each seed is a link of its own kind. A bit changed in ARP, which has no checksum, would send everything elsewhere until the entry ages.
            double[] odds = [.. Enumerable.Range(0, 4).Select(_ => test.Random.Next(2) * test.Random.NextDouble() / 20)];
            LinkFate[] fates = [LinkFate.Drop, LinkFate.Duplicate, LinkFate.Delay, LinkFate.Corrupt];
            LinkFate Judge(int end, ReadOnlyMemory<byte> frame) => fates
                .Where((fate, index) => test.Random.NextDouble() < odds[index] && (fate != LinkFate.Corrupt || frame.Span[13] == 0))
                .Aggregate(LinkFate.Deliver, static (all, fate) => all | fate);

            (NetworkStack first, NetworkStack second) = await StartAsync(test, Judge);
            TcpApplicationOptions inTurns = new() { RunsInTurns = true };
            TcpListener listener = (await second.ListenAsync(80, inTurns))!;
            ValueTask<TcpConnection?> accepting = listener.AcceptAsync();
            TcpConnection client = await first.ConnectAsync(new(TwoStacks.SecondAddress, 80), inTurns);
            TcpConnection server = (await accepting)!;
            await listener.DisposeAsync();

            async Task ExchangeAsync(TcpConnection from, TcpConnection to)
            {
                byte[] sent = new byte[test.Random.Next(Octets)];
                test.Random.NextBytes(sent);
                Task<byte[]> arriving = TwoStacks.ReadAllAsync(to.Input);
                await from.Output.WriteAsync(sent);
                from.Output.Complete();
                Assert.Equal(sent, await arriving);
                to.Input.Complete();
            }

            Task up = ExchangeAsync(client, server);
            Task down = ExchangeAsync(server, client);
            await up;
            await down;
            Assert.Equal(TcpCloseReason.Closed, await client.Completion);
            Assert.Equal(TcpCloseReason.Closed, await server.Completion);
        },
        int.TryParse(Environment.GetEnvironmentVariable("TROUPE_SEEDS"), out int seeds) ? seeds : Seeds);

    [Fact]
    public void TheSameSeedSendsTheSameFrames()
    {
        ulong Connect(int seed)
        {
            ulong fingerprint = 0;
            TestSystem.Run(
                async test =>
                {
                    (NetworkStack first, NetworkStack second) = await StartAsync(test);
                    TcpListener listener = (await second.ListenAsync(80))!;
                    TcpConnection client = await first.ConnectAsync(new(TwoStacks.SecondAddress, 80), new() { RunsInTurns = true });
                    client.Abort();
                    await client.Completion;
                    await listener.DisposeAsync();
                    fingerprint = test.Host.Fingerprint;
                },
                new TestOptions { Seed = seed });
            return fingerprint;
        }

        Assert.Equal(Connect(3), Connect(3));
        Assert.NotEqual(Connect(3), Connect(4));
    }

    private static async Task<(NetworkStack First, NetworkStack Second)> StartAsync(TestSystem test, Func<int, ReadOnlyMemory<byte>, LinkFate>? fate = null)
    {
        InProcessLink link = new(test.System, fate ?? ((_, _) => (LinkFate)(1 << test.Random.Next(31)) & (LinkFate.Drop | LinkFate.Duplicate | LinkFate.Delay)));
        SeededRandomness randomness = new(test.Seed);
        NetworkConfiguration Configure(Wire.Ipv4Address address) => new() { Static = new(new(address, 24)) };
        return (
            await NetworkStack.StartAsync(test.System, link.First, Configure(TwoStacks.FirstAddress), randomness),
            await NetworkStack.StartAsync(test.System, link.Second, Configure(TwoStacks.SecondAddress), randomness));
    }
}
