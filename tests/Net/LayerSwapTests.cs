// Hot swap of protocol layers: their assemblies are loaded anew while a download runs over two stacks.
using System.IO.Pipelines;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using System.Security.Cryptography;
using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Net.Contracts;
using Troupe.Net.Tcp;
using Xunit.Abstractions;

namespace Troupe.Net.Tests;

public sealed class LayerSwapTests(ITestOutputHelper output)
{
    private const int Swaps = 20;
    private const int MinimumOctets = 20_000_000;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task ADownloadNoticesNothingOfTheTcpLayerBeingSwapped()
    {
        int seed = SeededRandomness.NewSeed();
        await DownloadAsync(seed, async stacks =>
        {
            TcpConfiguration configuration = new();
            SwapResult server = await stacks.Second.Tcp.SwapAsync(Fresh<TcpMessage>(
                typeof(TcpActor), configuration, stacks.Second.Link, stacks.Second.Internet, new SeededRandomness(seed), stacks.System.Time, stacks.Second["TCP"]));
            SwapResult client = await stacks.First.Tcp.SwapAsync(stacks.First.CreateTcp);
            return (server, client);
        });
    }

    [Fact]
    public async Task ADownloadNoticesNothingOfTheInternetLayerBeingSwapped() =>
        await DownloadAsync(SeededRandomness.NewSeed(), async stacks =>
        {
            SwapResult server = await stacks.Second.Ipv4.SwapAsync(stacks.Second.CreateIpv4);
            SwapResult client = await stacks.First.Ipv4.SwapAsync(stacks.First.CreateIpv4);
            return (server, client);
        });

    [Fact]
    public async Task ADownloadNoticesNothingOfTheIpv6LayerBeingSwapped() =>
        await DownloadAsync(
            SeededRandomness.NewSeed(),
            async stacks =>
            {
                SwapResult server = await stacks.Second.Ipv6!.SwapAsync(stacks.Second.CreateIpv6!);
                SwapResult client = await stacks.First.Ipv6!.SwapAsync(stacks.First.CreateIpv6!);
                return (server, client);
            },
            ipv6: true);

    [Fact]
    public async Task ListenersAndTimeWaitOutliveASwap()
    {
        await using TwoStacks stacks = await TwoStacks.StartAsync(SeededRandomness.NewSeed());
        await using TcpListener listener = (await stacks.Second.ListenAsync(80))!;
        await stacks.Second.Tcp.SwapAsync(stacks.Second.CreateTcp).WaitAsync(Limit);
        Task<TcpConnection?> accepting = listener.AcceptAsync().AsTask();
        TcpConnection client = await stacks.First.ConnectAsync(new(TwoStacks.SecondAddress, 80)).AsTask().WaitAsync(Limit);
        TcpConnection server = (await accepting.WaitAsync(Limit))!;
        await CloseAsync(client, server);
        // The connection's actor says so when it has ended.
        DateTime end = DateTime.UtcNow + Limit;
        TcpLayerState before;
        while ((before = await StateOf(stacks.First)).TimeWait.IsEmpty)
        {
            Assert.True(DateTime.UtcNow < end, "The connection does not come to TIME-WAIT.");
            await Task.Delay(1);
        }

        await stacks.First.Tcp.SwapAsync(stacks.First.CreateTcp).WaitAsync(Limit);
        TcpLayerState after = await StateOf(stacks.First);

        Assert.Equal(80, listener.Local.Port);
        Assert.Single(before.TimeWait);
        Assert.Equal(before.TimeWait.ToArray(), after.TimeWait.ToArray());
        Assert.Null(await stacks.Second.ListenAsync(80));
    }

    // What would begin afresh in its place would leave the streams to nobody.
    [Fact]
    public async Task AConnectionRefusesToBeSwappedAndGoesOn()
    {
        await using TwoStacks stacks = await TwoStacks.StartAsync(SeededRandomness.NewSeed());
        (TcpConnection client, TcpConnection server) = await stacks.ConnectAsync().WaitAsync(Limit);
        ActorRef<TcpConnectionMessage> connection = Assert.Single((await TcpListing.ReadAsync(stacks.First.Tcp)).Connections).Connection;
        await using TcpListener other = (await stacks.First.ListenAsync(81))!;
        TcpShared shared = (await StateOf(stacks.First)).Shared;
        HotSwapException refused = await Assert.ThrowsAsync<HotSwapException>(() => connection.SwapAsync(() => new TcpConnectionActor(
            shared, client.Key, other, stacks.First.Tcp, PipeScheduler.ThreadPool)).WaitAsync(Limit));
        Assert.Contains($"{client.Key} cannot hand its state on", refused.Message, StringComparison.Ordinal);
        await client.Output.WriteAsync(new byte[100_000]);
        await CloseAsync(client, server);
    }

    private async Task DownloadAsync(int seed, Func<TwoStacks, Task<(SwapResult Server, SwapResult Client)>> swap, bool ipv6 = false)
    {
        output.WriteLine($"TROUPE_SEED={seed}");
        await using TwoStacks stacks = await TwoStacks.StartAsync(seed, ipv6: ipv6);
        (TcpConnection client, TcpConnection server) =
            await stacks.ConnectAsync(to: ipv6 ? stacks.Second.Addresses.Ipv6.First(static own => !own.Address.IsLinkLocal).Address : null).WaitAsync(Limit);
        using CancellationTokenSource enough = new();
        Task<(byte[] Hash, long Octets)> sending = SendUntilAsync(server.Output, seed, enough.Token);
        Task<(byte[] Hash, long Octets)> receiving = HashAsync(client.Input);

        for (int count = 1; count <= Swaps; count++)
        {
            long before = stacks.First["TCP"].Received;
            (SwapResult atServer, SwapResult atClient) = await swap(stacks).WaitAsync(Limit);
            output.WriteLine($"swap {count}: server {atServer.Pause.TotalMicroseconds:N0} us, client {atClient.Pause.TotalMicroseconds:N0} us");
            Assert.Equal((count + 1, count + 1), (atServer.Generation, atClient.Generation));
            // Each new pair carries part of the download.
            DateTime end = DateTime.UtcNow + Limit;
            while (stacks.First["TCP"].Received < before + 50)
            {
                Assert.True(DateTime.UtcNow < end, "The download stands still.");
                await Task.Delay(1);
            }
        }

        await enough.CancelAsync();
        (byte[] sent, long octetsSent) = await sending.WaitAsync(Limit);
        (byte[] received, long octetsReceived) = await receiving.WaitAsync(Limit);
        output.WriteLine($"{octetsReceived:N0} octets, SHA-256 {Convert.ToHexString(received)}");
        Assert.Equal((octetsSent, Convert.ToHexString(sent)), (octetsReceived, Convert.ToHexString(received)));
        Assert.True(octetsReceived >= MinimumOctets);
    }

    /// <summary>A factory of a behaviour whose assembly is loaded again, from its bytes; what it refers to is what runs already.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Func<Actor<TMessage>> Fresh<TMessage>(Type behaviour, params object[] arguments)
    {
        AssemblyLoadContext context = new(name: null, isCollectible: true);
        using MemoryStream bytes = new(File.ReadAllBytes(behaviour.Assembly.Location));
        Type type = context.LoadFromStream(bytes).GetType(behaviour.FullName!, throwOnError: true)!;
        Assert.NotEqual(behaviour, type);
        // Compiled ahead, so that it is not in the pause.
        foreach (MethodInfo method in type.GetMethods(BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            RuntimeHelpers.PrepareMethod(method.MethodHandle);
        return () => (Actor<TMessage>)Activator.CreateInstance(type, arguments)!;
    }

    /// <summary>What the layer would hand over: to one who looks and declines, so that the layer goes on.</summary>
    private static async Task<TcpLayerState> StateOf(NetworkStack stack)
    {
        Spy spy = new();
        await Assert.ThrowsAsync<HotSwapException>(() => stack.Tcp.SwapAsync(() => spy).WaitAsync(Limit));
        return spy.State!;
    }

    private static async Task CloseAsync(TcpConnection client, TcpConnection server)
    {
        await client.Output.CompleteAsync();
        await TwoStacks.ReadAllAsync(server.Input).WaitAsync(Limit);
        await server.Output.CompleteAsync();
        await TwoStacks.ReadAllAsync(client.Input).WaitAsync(Limit);
    }

    private static async Task<(byte[] Hash, long Octets)> SendUntilAsync(PipeWriter writer, int seed, CancellationToken enough)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Random random = new(seed);
        byte[] block = new byte[16_384];
        long octets = 0;
        while (!enough.IsCancellationRequested || octets < MinimumOctets)
        {
            random.NextBytes(block);
            hash.AppendData(block);
            octets += block.Length;
            await writer.WriteAsync(block);
        }

        await writer.CompleteAsync();
        return (hash.GetHashAndReset(), octets);
    }

    private static async Task<(byte[] Hash, long Octets)> HashAsync(PipeReader reader)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long octets = 0;
        while (true)
        {
            ReadResult result = await reader.ReadAsync();
            foreach (ReadOnlyMemory<byte> part in result.Buffer)
            {
                hash.AppendData(part.Span);
                octets += part.Length;
            }

            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
                return (hash.GetHashAndReset(), octets);
        }
    }

    private sealed class Spy : Actor<TcpMessage>, IImportsState<TcpLayerState>
    {
        internal TcpLayerState? State { get; private set; }

        public void ImportState(TcpLayerState state)
        {
            State = state;
            throw new InvalidOperationException("It only looks.");
        }

        protected override ValueTask ReceiveAsync(TcpMessage message) => throw new NotSupportedException("It never gets a message.");
    }
}
