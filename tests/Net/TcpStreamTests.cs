// RFC 9293 over two whole stacks: what goes in at one end comes out at the other, whatever the link does.
using Troupe.Apps.Hosting;
using Troupe.Net.Contracts;
using Xunit.Abstractions;

namespace Troupe.Net.Tests;

public sealed class TcpStreamTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task OctetsArriveAsSentOnACleanLink() => await TransferAsync(4_000_000, loss: 0, duplication: 0, reordering: 0, corruption: 0);

    [Fact]
    public async Task OctetsArriveAsSentThroughLoss() => await TransferAsync(300_000, loss: 0.03, duplication: 0, reordering: 0, corruption: 0);

    [Fact]
    public async Task OctetsArriveAsSentThroughReordering() => await TransferAsync(1_000_000, loss: 0, duplication: 0, reordering: 0.1, corruption: 0);

    [Fact]
    public async Task OctetsArriveAsSentThroughDuplication() => await TransferAsync(1_000_000, loss: 0, duplication: 0.05, reordering: 0, corruption: 0);

    [Fact]
    public async Task OctetsArriveAsSentThroughCorruption() => await TransferAsync(300_000, loss: 0, duplication: 0, reordering: 0, corruption: 0.02);

    [Fact]
    public async Task OctetsArriveAsSentThroughAllOfThem() => await TransferAsync(200_000, loss: 0.02, duplication: 0.05, reordering: 0.1, corruption: 0.01);

    private async Task TransferAsync(int octets, double loss, double duplication, double reordering, double corruption)
    {
        int seed = SeededRandomness.NewSeed();
        output.WriteLine($"TROUPE_SEED={seed}");
        Random[] fates = [new(seed), new(seed + 1)];
        LinkFate Judge(int end, ReadOnlyMemory<byte> frame)
        {
            Random random = fates[end];
            LinkFate fate = LinkFate.Deliver;
            if (random.NextDouble() < loss)
                fate |= LinkFate.Drop;
            if (random.NextDouble() < duplication)
                fate |= LinkFate.Duplicate;
            if (random.NextDouble() < reordering)
                fate |= LinkFate.Delay;
            // ARP has no checksum: a bit changed there sends everything elsewhere until the entry ages, which is another test's matter.
            if (random.NextDouble() < corruption && frame.Span[13] == 0)
                fate |= LinkFate.Corrupt;
            return fate;
        }

        await using TwoStacks stacks = await TwoStacks.StartAsync(seed, Judge);
        (TcpConnection client, TcpConnection server) = await stacks.ConnectAsync().WaitAsync(Limit);
        byte[] up = new byte[octets];
        byte[] down = new byte[octets / 2];
        new Random(seed).NextBytes(up);
        new Random(seed + 2).NextBytes(down);

        Task<byte[]> receivedUp = TwoStacks.ReadAllAsync(server.Input);
        Task<byte[]> receivedDown = TwoStacks.ReadAllAsync(client.Input);
        Task sending = SendAsync(client, up);
        Task answering = SendAsync(server, down);
        try
        {
            await Task.WhenAll(sending, answering, receivedUp, receivedDown).WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            await DescribeAsync(stacks);
            throw;
        }
        finally
        {
            output.WriteLine($"sent up {sending.Status}, sent down {answering.Status}, received up {receivedUp.Status}, received down {receivedDown.Status}");
            foreach (LayerCounters counters in stacks.First.Counters.Concat(stacks.Second.Counters))
                output.WriteLine(counters.ToString());
        }

        Assert.Equal(up, await receivedUp);
        Assert.Equal(down, await receivedDown);
        Assert.Equal(0, stacks.System.FailureCount);
        try
        {
            await client.Completion.WaitAsync(Limit);
            await server.Completion.WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            await DescribeAsync(stacks);
            throw;
        }
    }

    private async Task DescribeAsync(TwoStacks stacks)
    {
        foreach (TcpConnectionStatus status in (await stacks.First.ListConnectionsAsync()).Concat(await stacks.Second.ListConnectionsAsync()))
            output.WriteLine(status.ToString());
    }

    private static async Task SendAsync(TcpConnection connection, byte[] octets)
    {
        for (int at = 0; at < octets.Length;)
        {
            int length = Math.Min(octets.Length - at, 10_000);
            await connection.Output.WriteAsync(octets.AsMemory(at, length));
            at += length;
        }

        await connection.Output.CompleteAsync();
    }
}
