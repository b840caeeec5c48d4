// Kestrel on our own stack, HttpClient on the other end of an in-process link.
using System.Collections.Immutable;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Apps.Hosting.Web;
using Troupe.Net.Contracts;

namespace Troupe.Net.Tests;

public sealed class KestrelTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task AnswersWith200()
    {
        await using WebPair pair = await WebPair.StartAsync();
        Assert.Equal("hello", await pair.Client.GetStringAsync("/hello").WaitAsync(Limit));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SixtyFourConnectionsGetAnswersToAllTheirRequests(bool onWorkers)
    {
        await using WebPair pair = await WebPair.StartAsync(onWorkers);
        await Task.WhenAll(Enumerable.Range(0, 64).Select(async _ =>
        {
            for (int request = 0; request < 20; request++)
                Assert.Equal("hello", await pair.Client.GetStringAsync("/hello"));
        })).WaitAsync(Limit);
        Assert.Equal(64 * 20, pair.Requests);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task EightMegabytesComeBackAsPosted(bool onWorkers)
    {
        await using WebPair pair = await WebPair.StartAsync(onWorkers);
        byte[] body = new byte[8 << 20];
        new Random(1).NextBytes(body);
        using HttpResponseMessage response = await pair.Client.PostAsync("/echo", new ByteArrayContent(body)).WaitAsync(Limit);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(body, await response.Content.ReadAsByteArrayAsync().WaitAsync(Limit));
    }

    [Fact]
    public async Task AConnectionPerRequestLeavesNoConnectionBehind()
    {
        await using WebPair pair = await WebPair.StartAsync();
        for (int request = 0; request < 50; request++)
        {
            using HttpRequestMessage message = new(HttpMethod.Get, "/hello") { Headers = { ConnectionClose = true } };
            using HttpResponseMessage response = await pair.Client.SendAsync(message).WaitAsync(Limit);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        ImmutableArray<TcpConnectionEntry> left = [];
        for (int attempt = 0; attempt < 100; attempt++)
        {
            left = (await TcpListing.ReadAsync(pair.ServerStack.Tcp)).Connections;
            if (left.IsEmpty)
                break;
            await Task.Delay(20);
        }

        Assert.Empty(left);
    }

    [Fact]
    public async Task AnAbortedRequestResetsTheConnection()
    {
        await using WebPair pair = await WebPair.StartAsync();
        HttpRequestException exception = await Assert.ThrowsAsync<HttpRequestException>(() => pair.Client.GetStringAsync("/abort").WaitAsync(Limit));
        Assert.IsType<TcpConnectionException>(exception.InnerException?.GetBaseException() ?? exception.GetBaseException());
        Assert.Equal("hello", await pair.Client.GetStringAsync("/hello").WaitAsync(Limit));
    }

    [Fact]
    public async Task APortInUseIsRefused()
    {
        await using WebPair pair = await WebPair.StartAsync();
        Assert.Null(await pair.ServerStack.ListenAsync(8080));
    }

    /// <summary>It sleeps, or waits for an actor of the only processor, or for the rest of an asynchronous method that it called itself.</summary>
    [Theory]
    [InlineData("/sleep", true)]
    [InlineData("/wait", true)]
    [InlineData("/rest", true)]
    [InlineData("/sleep", false)]
    [InlineData("/wait", false)]
    [InlineData("/rest", false)]
    public async Task AHandlerThatBlocksEndsOnOneProcessor(string path, bool onWorkers)
    {
        await using WebPair pair = await WebPair.StartAsync(onWorkers, processors: 1);
        Assert.Equal("hello", await pair.Client.GetStringAsync("/hello").WaitAsync(Limit));
        for (int request = 0; request < 3; request++)
            Assert.Equal("waited", await pair.Client.GetStringAsync(path).WaitAsync(Limit));
    }

    /// <summary>A handler that blocks a worker is detached, so that what it waits for runs.</summary>
    [Fact]
    public async Task OnTheOnlyWorkerAHandlerThatBlocksIsDetached()
    {
        await using WebPair pair = await WebPair.StartAsync(onWorkers: true, processors: 1);
        Assert.Equal("hello", await pair.Client.GetStringAsync("/hello").WaitAsync(Limit));
        Assert.Equal("waited", await pair.Client.GetStringAsync("/wait").WaitAsync(Limit));
        Assert.Equal("hello", await pair.Client.GetStringAsync("/hello").WaitAsync(Limit));
    }

    /// <summary>More of them than threads may be detached for it: the rest blocks threads of the pool, and the network's actors go on.</summary>
    [Fact]
    public async Task ManyHandlersThatBlockLeaveAWorkerToTheNetwork()
    {
        await using WebPair pair = await WebPair.StartAsync(processors: 1);
        string[] answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => pair.Client.GetStringAsync("/sleep"))).WaitAsync(Limit);
        Assert.All(answers, answer => Assert.Equal("waited", answer));
        Assert.Equal("hello", await pair.Client.GetStringAsync("/hello").WaitAsync(Limit));
    }

    /// <summary>Unless a turn lasts so long, on a busy host, that its connection's next continuation finds it still at work.</summary>
    [Fact]
    public async Task OnWorkersARequestUsesNoThreadOfThePool()
    {
        await using WebPair pair = await WebPair.StartAsync(onWorkers: true, processors: 1);
        Assert.Equal("hello", await pair.Client.GetStringAsync("/hello").WaitAsync(Limit));
        int onWorkers = 0;
        for (int request = 0; request < 200 && onWorkers < 20; request++)
            onWorkers += await pair.Client.GetStringAsync("/thread").WaitAsync(Limit) == "worker, worker" ? 1 : 0;
        Assert.Equal(20, onWorkers);
    }

    /// <summary>Its octets have most often come before Kestrel, which starts connections on the pool, asks for them.</summary>
    [Fact]
    public async Task OnWorkersAConnectionsOnlyRequestUsesNoThreadOfThePool()
    {
        await using WebPair pair = await WebPair.StartAsync(onWorkers: true, processors: 1);
        int onWorkers = 0;
        for (int request = 0; request < 200 && onWorkers < 20; request++)
            onWorkers += await pair.GetAndCloseAsync("/thread") == "worker, worker" ? 1 : 0;
        Assert.Equal(20, onWorkers);
    }

    /// <summary>Three segments a connection: the answer to its SYN, that to its request with the end of the stream, and the acknowledgement of its own end.</summary>
    [Fact]
    public async Task TheAnswerToAConnectionsOnlyRequestAndTheEndLeaveAsOneSegment()
    {
        await using WebPair pair = await WebPair.StartAsync(onWorkers: true, processors: 1);
        int three = 0;
        for (int request = 0; request < 200 && three < 20; request++)
        {
            long before = pair.ServerStack["TCP"].Sent;
            Assert.Equal("hello", await pair.GetAndCloseAsync("/hello"));
            three += pair.ServerStack["TCP"].Sent - before == 3 ? 1 : 0;
        }

        Assert.Equal(20, three);
    }

    private sealed class OneAnswer : Actor<Reply<int>>
    {
        protected override ValueTask ReceiveAsync(Reply<int> message)
        {
            message.Set(1);
            return default;
        }
    }

    private sealed class Processors(int count) : IMachine
    {
        private readonly HostedMachine _hosted = new();

        public IWorkerHost? WorkerHost { get; } = new ThreadWorkerHost(count);

        public IRandomness Randomness => _hosted.Randomness;

        public void ConnectConsole(ActorSystem system) => _hosted.ConnectConsole(system);

        public ValueTask<ImmutableArray<ActorRef<Drivers.Contracts.NetworkDeviceMessage>>> StartAsync(ActorSystem system, bool offloads, CancellationToken cancellationToken) =>
            new([]);
    }

    private sealed class WebPair : IAsyncDisposable
    {
        private readonly ActorSystem _clientActors;
        private readonly WebUnikernel _server;
        private int _requests;

        private WebPair(ActorSystem clientActors, WebUnikernel server)
        {
            _clientActors = clientActors;
            _server = server;
        }

        public HttpClient Client { get; private set; } = null!;

        public NetworkStack ServerStack { get; private set; } = null!;

        public int Requests => Volatile.Read(ref _requests);

        public static async Task<WebPair> StartAsync(bool onWorkers = true, int? processors = null)
        {
            ActorSystem actors = new();
            InProcessLink link = new(actors);
            NetworkStack client = await NetworkStack.StartAsync(
                actors, link.First, new() { Static = new(new(TwoStacks.FirstAddress, 24)) }, new SeededRandomness(1));

            WebUnikernelBuilder builder = Unikernel(link.Second, processors is { } count ? new Processors(count) : new HostedMachine());
            if (!onWorkers)
                builder.RunRequestsOnThreadPool();
            WebUnikernel server = builder.Build();
            ActorRef<Reply<int>> actor = server.Actors.Spawn(new OneAnswer());
            WebPair pair = new(actors, server);
            server.Web.MapGet("/hello", (RequestDelegate)(context =>
            {
                Interlocked.Increment(ref pair._requests);
                return context.Response.WriteAsync("hello");
            }));
            // The whole body first: HttpClient reads no answer before it has sent all, so an echo that streams would stall both.
            server.Web.MapPost("/echo", (RequestDelegate)(async context =>
            {
                using MemoryStream body = new();
                await context.Request.Body.CopyToAsync(body);
                await context.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length));
            }));
            server.Web.MapGet("/abort", (RequestDelegate)(context =>
            {
                context.Abort();
                return Task.CompletedTask;
            }));
            server.Web.MapGet("/sleep", (RequestDelegate)(context =>
            {
                Thread.Sleep(50);
                return context.Response.WriteAsync("waited");
            }));
            server.Web.MapGet("/rest", (RequestDelegate)(context =>
            {
                Assert.True(RestAsync().Wait(Limit));
                return context.Response.WriteAsync("waited");
            }));
            server.Web.MapGet("/wait", (RequestDelegate)(context =>
            {
                try
                {
                    return context.Response.WriteAsync(actor.AskAsync<int>(static reply => reply, TimeSpan.FromSeconds(2)).AsTask().GetAwaiter().GetResult() == 1 ? "waited" : "wrong");
                }
                catch (AskTimeoutException)
                {
                    return context.Response.WriteAsync("timeout");
                }
            }));
            server.Web.MapGet("/thread", (RequestDelegate)(async context =>
            {
                string before = Thread.CurrentThread.IsThreadPoolThread ? "pool" : "worker";
                await actor.AskAsync<int>(static reply => reply);
                await context.Response.WriteAsync($"{before}, {(Thread.CurrentThread.IsThreadPoolThread ? "pool" : "worker")}");
            }));
            pair.ServerStack = (await server.StartAsync())!;
            pair.Client = new(new SocketsHttpHandler
            {
                ConnectCallback = async (context, token) =>
                    new TcpConnectionStream(await client.ConnectAsync(new(TwoStacks.SecondAddress, (ushort)context.DnsEndPoint.Port), cancellationToken: token)),
            })
            {
                BaseAddress = new($"http://{TwoStacks.SecondAddress}:8080"),
                Timeout = Limit,
            };
            return pair;
        }

        public async Task<string> GetAndCloseAsync(string path)
        {
            using HttpRequestMessage message = new(HttpMethod.Get, path) { Headers = { ConnectionClose = true } };
            using HttpResponseMessage response = await Client.SendAsync(message).WaitAsync(Limit);
            return await response.Content.ReadAsStringAsync().WaitAsync(Limit);
        }

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await _server.DisposeAsync();
            await _clientActors.DisposeAsync();
        }

        private static async Task RestAsync()
        {
            await Task.Yield();
            await Task.Delay(1);
        }

        private static WebUnikernelBuilder Unikernel(ActorRef<Drivers.Contracts.NetworkDeviceMessage> device, IMachine machine)
        {
            WebUnikernelBuilder builder = Apps.Hosting.Web.Unikernel.CreateBuilder([], machine).Listen(8080);
            builder.Network.UseDevice(_ => device);
            builder.Network.UseStatic($"{TwoStacks.SecondAddress}/24");
            return builder;
        }
    }
}
