using System.IO.Pipelines;
using Troupe.Net.Contracts;
using Xunit.Abstractions;

namespace Troupe.Net.Tests;

/// <summary>Alone in its collection, since it counts what the whole process allocates.</summary>
[CollectionDefinition(nameof(StackAllocationTests), DisableParallelization = true)]
[Collection(nameof(StackAllocationTests))]
public sealed class StackAllocationTests(ITestOutputHelper output)
{
    // The application's two loops, which wait on pipes, are part of what is counted.
    [Fact]
    public async Task ASegmentThroughBothStacksAllocatesNextToNothing()
    {
        await using TwoStacks stacks = await TwoStacks.StartAsync(1);
        (TcpConnection client, TcpConnection server) = await stacks.ConnectAsync();
        Task sink = SinkAsync(server.Input);
        byte[] part = new byte[14_600];
        await SendAsync(client.Output, part, 400);
        long segments = stacks.Second["TCP"].Received;
        long before = GC.GetTotalAllocatedBytes(precise: true);
        await SendAsync(client.Output, part, 2000);
        long bytes = GC.GetTotalAllocatedBytes(precise: true) - before;
        segments = stacks.Second["TCP"].Received - segments;
        output.WriteLine($"{bytes} bytes allocated for {segments} segments: {(double)bytes / segments:F2} a segment");
        await client.Output.CompleteAsync();
        await sink.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.InRange((double)bytes / segments, 0, 16);
    }

    private static async Task SendAsync(PipeWriter writer, byte[] part, int times)
    {
        for (int time = 0; time < times; time++)
            await writer.WriteAsync(part);
    }

    private static async Task SinkAsync(PipeReader reader)
    {
        while (true)
        {
            ReadResult result = await reader.ReadAsync();
            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                return;
        }
    }
}
