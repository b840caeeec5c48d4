using System.Globalization;
using System.Security.Cryptography;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;
using Troupe.Apps.ClientTest.Web;

namespace Troupe.Apps.ClientTest.Clients;

/// <summary>NATS.Net against nats-server.</summary>
internal static class NatsCases
{
    private const int Parallel = 10;
    private const int Messages = 2000;

    public static async Task<int> RunAsync(Servers servers)
    {
        CaseRun run = new("nats");
        await using NatsConnection nats = new(Options(servers));
        await run.CaseAsync("connect", async token =>
        {
            await nats.ConnectAsync();
            await nats.PingAsync(token);
            return $"nats-server {nats.ServerInfo!.Version.Split('.')[0]}, {nats.ConnectionState}";
        });
        await run.CaseAsync("publish-subscribe", token => PublishAsync(nats, token));
        await run.CaseAsync("wildcard", token => WildcardAsync(nats, token));
        await run.CaseAsync("request", token => RequestAsync(nats, token));
        await run.CaseAsync("request.parallel", token => ParallelRequestsAsync(nats, token));
        await run.CaseAsync("no-responders", async token =>
            (await CaseRun.ThrowsAsync<NatsNoRespondersException>(async () => await nats.RequestAsync<int, int>("nobody", 1, cancellationToken: token))).GetType().Name);
        await run.CaseAsync("cancelled", token => CancelledAsync(nats, token));
        await run.CaseAsync("queue-group", token => QueueGroupAsync(nats, token));
        await run.CaseAsync("headers", token => HeadersAsync(nats, token));
        await run.CaseAsync("json", token => JsonAsync(servers, token));
        await run.CaseAsync("large-message", token => LargeMessageAsync(nats, token));
        await run.CaseAsync("parallel", token => ParallelAsync(servers, token));
        await run.CaseAsync("jetstream", token => JetStreamAsync(nats, token));
        await run.CaseAsync("wrong-password", _ => RefusedAsync(Options(servers) with { AuthOpts = Login("wrong") }));
        await run.CaseAsync("refused", _ => RefusedAsync(Options(servers, "closed")));
        await run.CaseAsync("tls", token => TlsAsync(servers, token));
        await run.CaseAsync("tls.untrusted", _ => RefusedAsync(Options(servers, "nats-untrusted") with { TlsOpts = new() { Mode = TlsMode.Require } }));
        await run.CaseAsync("restart", token => RestartAsync(nats, token));
        return run.End();
    }

    private static NatsOpts Options(Servers servers, string name = "nats") => NatsOpts.Default with
    {
        Url = string.Create(CultureInfo.InvariantCulture, $"nats://{servers.Host}:{servers.Port(name)}"),
        AuthOpts = Login("secret"),
        ConnectTimeout = TimeSpan.FromSeconds(20),
        RequestTimeout = TimeSpan.FromSeconds(20),
        CommandTimeout = TimeSpan.FromSeconds(20),
        ReconnectWaitMin = TimeSpan.FromMilliseconds(200),
        ReconnectWaitMax = TimeSpan.FromMilliseconds(500),
        // More than any case leaves unread.
        SubPendingChannelCapacity = Messages * 2,
    };

    private static NatsAuthOpts Login(string password) => NatsAuthOpts.Default with { Username = "tester", Password = password };

    private static async Task<string> PublishAsync(NatsConnection nats, CancellationToken token)
    {
        await using INatsSub<int> subscription = await nats.SubscribeCoreAsync<int>("numbers", cancellationToken: token);
        await nats.PingAsync(token);
        for (int i = 0; i < Messages; i++)
            await nats.PublishAsync("numbers", i, cancellationToken: token);
        bool ordered = true;
        for (int i = 0; i < Messages; i++)
            ordered &= (await subscription.Msgs.ReadAsync(token)).Data == i;
        return $"{Messages} heard, in order {ordered}";
    }

    private static async Task<string> WildcardAsync(NatsConnection nats, CancellationToken token)
    {
        await using INatsSub<string> subscription = await nats.SubscribeCoreAsync<string>("weather.*.now", cancellationToken: token);
        await nats.PingAsync(token);
        foreach (string subject in (string[])["weather.rome.now", "weather.rome.later", "weather.oslo.now", "weather.now"])
            await nats.PublishAsync(subject, "mild", cancellationToken: token);
        List<string> heard = [];
        for (int i = 0; i < 2; i++)
            heard.Add((await subscription.Msgs.ReadAsync(token)).Subject);
        return string.Join(", ", heard);
    }

    /// <summary>Answers requests with their square until it is disposed of.</summary>
    private static async Task<INatsSub<long>> SquaresAsync(NatsConnection nats, string subject, CancellationToken token)
    {
        INatsSub<long> subscription = await nats.SubscribeCoreAsync<long>(subject, cancellationToken: token);
        _ = Task.Run(
            async () =>
            {
                await foreach (NatsMsg<long> message in subscription.Msgs.ReadAllAsync(token))
                    await message.ReplyAsync(message.Data * message.Data, cancellationToken: token);
            },
            token);
        await nats.PingAsync(token);
        return subscription;
    }

    private static async Task<string> RequestAsync(NatsConnection nats, CancellationToken token)
    {
        await using INatsSub<long> squares = await SquaresAsync(nats, "square", token);
        long sum = 0;
        for (int i = 0; i < 100; i++)
            sum += (await nats.RequestAsync<long, long>("square", i, cancellationToken: token)).Data;
        return $"{sum}";
    }

    private static async Task<string> ParallelRequestsAsync(NatsConnection nats, CancellationToken token)
    {
        await using INatsSub<long> squares = await SquaresAsync(nats, "square", token);
        long[] answers = await Task.WhenAll(Enumerable.Range(0, 500).Select(async i => (await nats.RequestAsync<long, long>("square", i, cancellationToken: token)).Data));
        return $"{answers.Length} answers, sum {answers.Sum()}";
    }

    private static async Task<string> CancelledAsync(NatsConnection nats, CancellationToken token)
    {
        // Somebody listens and never answers.
        await using INatsSub<int> silent = await nats.SubscribeCoreAsync<int>("silent", cancellationToken: token);
        await nats.PingAsync(token);
        using CancellationTokenSource soon = CancellationTokenSource.CreateLinkedTokenSource(token);
        soon.CancelAfter(TimeSpan.FromMilliseconds(300));
        Exception exception = await CaseRun.ThrowsAsync<Exception>(async () => await nats.RequestAsync<int, int>("silent", 1, cancellationToken: soon.Token));
        return $"{exception is OperationCanceledException or NatsNoReplyException}, then {nats.ConnectionState}";
    }

    private static async Task<string> QueueGroupAsync(NatsConnection nats, CancellationToken token)
    {
        await using INatsSub<int> one = await nats.SubscribeCoreAsync<int>("work", "workers", cancellationToken: token);
        await using INatsSub<int> two = await nats.SubscribeCoreAsync<int>("work", "workers", cancellationToken: token);
        await nats.PingAsync(token);
        for (int i = 0; i < 200; i++)
            await nats.PublishAsync("work", i, cancellationToken: token);
        // What the server sends before its answer has arrived then.
        await nats.PingAsync(token);
        List<int> done = [];
        int[] shares = [0, 0];
        foreach ((INatsSub<int> worker, int index) in (IEnumerable<(INatsSub<int>, int)>)[(one, 0), (two, 1)])
        {
            while (worker.Msgs.TryRead(out NatsMsg<int> message))
            {
                done.Add(message.Data);
                shares[index]++;
            }
        }

        return $"{done.Distinct().Count()} done, each by one worker {done.Count == 200}, both worked {shares.All(static share => share > 0)}";
    }

    private static async Task<string> HeadersAsync(NatsConnection nats, CancellationToken token)
    {
        await using INatsSub<string> subscription = await nats.SubscribeCoreAsync<string>("letters", cancellationToken: token);
        await nats.PingAsync(token);
        await nats.PublishAsync("letters", "text", new NatsHeaders { ["Kind"] = "letter", ["To"] = new(["Ada", "Grace"]) }, cancellationToken: token);
        NatsMsg<string> message = await subscription.Msgs.ReadAsync(token);
        return $"{message.Data}, {message.Headers!["Kind"]}, {string.Join('+', message.Headers["To"].ToArray())}";
    }

    private static async Task<string> JsonAsync(Servers servers, CancellationToken token)
    {
        NatsJsonContextSerializer<Order> serializer = new(MessageContext.Default);
        await using NatsConnection nats = new(Options(servers));
        await using INatsSub<Order> subscription = await nats.SubscribeCoreAsync("orders", serializer: serializer, cancellationToken: token);
        await nats.PingAsync(token);
        await nats.PublishAsync("orders", new Order("Ada", [new OrderLine("wheel", 4, 12.50m)]), serializer: serializer, cancellationToken: token);
        Order order = (await subscription.Msgs.ReadAsync(token)).Data!;
        return $"{order.Customer}, {order.Lines[0]}";
    }

    private static async Task<string> LargeMessageAsync(NatsConnection nats, CancellationToken token)
    {
        await using INatsSub<byte[]> subscription = await nats.SubscribeCoreAsync<byte[]>("large", cancellationToken: token);
        await nats.PingAsync(token);
        byte[] sent = new byte[1_000_000];
        new Random(1).NextBytes(sent);
        int same = 0;
        for (int i = 0; i < 8; i++)
        {
            await nats.PublishAsync("large", sent, cancellationToken: token);
            same += (await subscription.Msgs.ReadAsync(token)).Data.AsSpan().SequenceEqual(sent) ? 1 : 0;
        }

        Exception tooLarge = await CaseRun.ThrowsAsync<NatsException>(async () => await nats.PublishAsync("large", new byte[2_000_000], cancellationToken: token));
        return $"{same} of {sent.Length} bytes the same, SHA-256 {Convert.ToHexStringLower(SHA256.HashData(sent))[..16]}, more {tooLarge.GetType().Name}";
    }

    private static async Task<string> ParallelAsync(Servers servers, CancellationToken token)
    {
        long[] sums = await Task.WhenAll(Enumerable.Range(0, Parallel).Select(async number =>
        {
            await using NatsConnection own = new(Options(servers));
            await using INatsSub<long> squares = await SquaresAsync(own, $"square.{number}", token);
            long sum = 0;
            for (int i = 0; i < 20; i++)
                sum += (await own.RequestAsync<long, long>($"square.{number}", i, cancellationToken: token)).Data;
            return sum;
        }));
        return $"{Parallel} connections, {string.Join(' ', sums.Distinct())}";
    }

    private static async Task<string> JetStreamAsync(NatsConnection nats, CancellationToken token)
    {
        NatsJSContext stream = new(nats);
        await stream.CreateStreamAsync(new StreamConfig("EVENTS", ["events.*"]) { Storage = StreamConfigStorage.Memory }, token);
        for (int i = 0; i < 100; i++)
            (await stream.PublishAsync($"events.{i % 3}", i, cancellationToken: token)).EnsureSuccess();
        INatsJSConsumer consumer = await stream.CreateOrUpdateConsumerAsync("EVENTS", new ConsumerConfig("reader") { FilterSubject = "events.1" }, token);
        List<int> read = [];
        await foreach (NatsJSMsg<int> message in consumer.FetchAsync<int>(new NatsJSFetchOpts { MaxMsgs = 33 }, cancellationToken: token))
        {
            read.Add(message.Data);
            await message.AckAsync(cancellationToken: token);
        }

        await stream.DeleteStreamAsync("EVENTS", token);
        return $"{read.Count} of one subject, sum {read.Sum()}";
    }

    private static async Task<string> RefusedAsync(NatsOpts options)
    {
        await using NatsConnection nats = new(options);
        Exception exception = await CaseRun.ThrowsAsync<NatsException>(async () => await nats.ConnectAsync());
        string outer = exception.GetType().Name;
        while (exception.InnerException is { } inner)
            exception = inner;
        return $"{outer}, {exception.GetType().Name}";
    }

    private static async Task<string> TlsAsync(Servers servers, CancellationToken token)
    {
        await using NatsConnection nats = new(Options(servers, "nats-tls") with { TlsOpts = new() { Mode = TlsMode.Require } });
        return $"{await RequestAsync(nats, token)}, {await LargeMessageAsync(nats, token)}";
    }

    /// <summary>The server ends; a server that comes back is used again, subscriptions included.</summary>
    private static async Task<string> RestartAsync(NatsConnection nats, CancellationToken token)
    {
        TaskCompletionSource lost = new(TaskCreationOptions.RunContinuationsAsynchronously), found = new(TaskCreationOptions.RunContinuationsAsynchronously);
        nats.ConnectionDisconnected += (_, _) =>
        {
            lost.TrySetResult();
            return default;
        };
        nats.ConnectionOpened += (_, _) =>
        {
            found.TrySetResult();
            return default;
        };
        await using INatsSub<string> subscription = await nats.SubscribeCoreAsync<string>("news", cancellationToken: token);
        await nats.PingAsync(token);
        CaseRun.Ask("restart nats");
        await lost.Task.WaitAsync(token);
        await found.Task.WaitAsync(token);
        await nats.PingAsync(token);
        await nats.PublishAsync("news", "again", cancellationToken: token);
        return $"{nats.ConnectionState}, heard {(await subscription.Msgs.ReadAsync(token)).Data}";
    }
}
