using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography;
using StackExchange.Redis;

namespace Troupe.Apps.ClientTest.Clients;

/// <summary>StackExchange.Redis against Redis.</summary>
internal static class RedisCases
{
    private const int Parallel = 10;
    private const int Messages = 200;

    public static async Task<int> RunAsync(Servers servers)
    {
        CaseRun run = new("redis");
        await using ConnectionMultiplexer redis = await ConnectionMultiplexer.ConnectAsync(Options(servers));
        IDatabase database = redis.GetDatabase();
        await run.CaseAsync("connect", _ => Task.FromResult($"Redis {redis.GetServers().Single().Version.Major}, connected {redis.IsConnected}"));
        await run.CaseAsync("strings", _ => StringsAsync(database));
        await run.CaseAsync("synchronous", _ => Task.FromResult(Synchronous(database)));
        await run.CaseAsync("large-value", _ => LargeValueAsync(database));
        await run.CaseAsync("pipeline", _ => PipelineAsync(database));
        await run.CaseAsync("batch", _ => BatchAsync(database));
        await run.CaseAsync("transaction", _ => TransactionAsync(database));
        await run.CaseAsync("collections", _ => CollectionsAsync(database));
        await run.CaseAsync("script", async _ => $"{await database.ScriptEvaluateAsync("return redis.call('INCRBY', KEYS[1], ARGV[1])", ["counted"], [5])}");
        await run.CaseAsync("expiry", token => ExpiryAsync(database, token));
        await run.CaseAsync("error", async _ =>
        {
            await database.ListRightPushAsync("list-only", "x");
            return (await CaseRun.ThrowsAsync<RedisServerException>(() => database.StringIncrementAsync("list-only"))).Message;
        });
        await run.CaseAsync("publish-subscribe", token => PublishAsync(redis, token));
        await run.CaseAsync("parallel", token => ParallelAsync(servers, token));
        await run.CaseAsync("resp3", _ => WithAsync(servers, static options => options.Protocol = RedisProtocol.Resp3));
        await run.CaseAsync("wrong-password", _ => RefusedAsync(servers, static options => options.Password = "wrong"));
        await run.CaseAsync("refused", _ => RefusedAsync(servers, options => Point(options, servers, "closed")));
        await run.CaseAsync("tls", _ => WithAsync(servers, options => Secure(options, servers, "redis-tls")));
        await run.CaseAsync("tls.untrusted", _ => RefusedAsync(servers, options => Secure(options, servers, "redis-untrusted")));
        await run.CaseAsync("restart", token => RestartAsync(redis, token));
        return run.End();
    }

    private static ConfigurationOptions Options(Servers servers)
    {
        ConfigurationOptions options = new()
        {
            Password = "secret",
            ConnectTimeout = 20_000,
            SyncTimeout = 20_000,
            AsyncTimeout = 20_000,
            ReconnectRetryPolicy = new LinearRetry(500),
            // The server's address is given; nothing else is to be discovered.
            ConfigurationChannel = "",
            TieBreaker = "",
        };
        Point(options, servers, "redis");
        return options;
    }

    private static void Point(ConfigurationOptions options, Servers servers, string name)
    {
        options.EndPoints.Clear();
        options.EndPoints.Add(new IPEndPoint(IPAddress.Parse(servers.Host), servers.Port(name)));
    }

    private static void Secure(ConfigurationOptions options, Servers servers, string name)
    {
        Point(options, servers, name);
        options.Ssl = true;
        options.SslHost = servers.Host;
        options.SslProtocols = SslProtocols.Tls13;
        // The test root publishes no list.
        options.CheckCertificateRevocation = false;
    }

    private static async Task<string> StringsAsync(IDatabase database)
    {
        await database.StringSetAsync("greeting", "Grüße, 世界");
        await database.StringAppendAsync("greeting", "!");
        await database.StringSetAsync("bytes", new byte[] { 0, 13, 10, 255 });
        byte[]? bytes = await database.StringGetAsync("bytes");
        bool absent = (await database.StringGetAsync("nothing")).IsNull;
        return $"{await database.StringGetAsync("greeting")}, {Convert.ToHexString(bytes!)}, absent {absent}, deleted {await database.KeyDeleteAsync(["greeting", "bytes", "nothing"])}";
    }

    private static string Synchronous(IDatabase database)
    {
        for (int i = 0; i < 100; i++)
            database.StringIncrement("turns");
        return $"{database.StringGet("turns")}";
    }

    private static async Task<string> LargeValueAsync(IDatabase database)
    {
        byte[] sent = new byte[8_000_000];
        new Random(1).NextBytes(sent);
        await database.StringSetAsync("large", sent);
        byte[]? received = await database.StringGetAsync("large");
        await database.KeyDeleteAsync("large");
        return $"{received?.Length} bytes there and back, the same: {SHA256.HashData(received!).AsSpan().SequenceEqual(SHA256.HashData(sent))}";
    }

    private static async Task<string> PipelineAsync(IDatabase database)
    {
        // None waits for the one before it, and the answers come in order.
        long[] answers = await Task.WhenAll(Enumerable.Range(0, 5000).Select(_ => database.StringIncrementAsync("piped")));
        return $"{answers.Length} answers, in order {answers.SequenceEqual(Enumerable.Range(1, 5000).Select(static i => (long)i))}";
    }

    private static async Task<string> BatchAsync(IDatabase database)
    {
        IBatch batch = database.CreateBatch();
        Task<bool>[] set = [.. Enumerable.Range(0, 50).Select(i => batch.StringSetAsync($"batch:{i}", i))];
        Task<RedisValue> read = batch.StringGetAsync("batch:49");
        batch.Execute();
        return $"{(await Task.WhenAll(set)).Count(static done => done)} set, {await read}";
    }

    private static async Task<string> TransactionAsync(IDatabase database)
    {
        await database.StringSetAsync("balance", 10);
        List<string> outcomes = [];
        foreach (int expected in (int[])[10, 10])
        {
            ITransaction transaction = database.CreateTransaction();
            transaction.AddCondition(Condition.StringEqual("balance", expected));
            _ = transaction.StringDecrementAsync("balance", 3);
            outcomes.Add($"{await transaction.ExecuteAsync()}");
        }

        return $"{string.Join(", ", outcomes)}, balance {await database.StringGetAsync("balance")}";
    }

    private static async Task<string> CollectionsAsync(IDatabase database)
    {
        await database.HashSetAsync("hash", [new HashEntry("a", 1), new HashEntry("b", 2)]);
        await database.SortedSetAddAsync("sorted", [new SortedSetEntry("late", 3), new SortedSetEntry("early", 1), new SortedSetEntry("middle", 2)]);
        await database.SetAddAsync("set", [1, 2, 3, 2, 1]);
        await database.ListRightPushAsync("list", [1, 2, 3]);
        HashEntry[] hash = await database.HashGetAllAsync("hash");
        RedisValue[] sorted = await database.SortedSetRangeByRankAsync("sorted", 0, -1, Order.Descending);
        return $"{string.Join(' ', hash)}; {string.Join(' ', sorted)}; {await database.SetLengthAsync("set")}; {await database.ListLeftPopAsync("list")}";
    }

    private static async Task<string> ExpiryAsync(IDatabase database, CancellationToken token)
    {
        await database.StringSetAsync("short", "lived", TimeSpan.FromMilliseconds(500));
        bool before = await database.KeyExistsAsync("short");
        while (await database.KeyExistsAsync("short"))
            await Task.Delay(100, token);
        return $"there {before}, then gone";
    }

    private static async Task<string> PublishAsync(ConnectionMultiplexer redis, CancellationToken token)
    {
        ISubscriber subscriber = redis.GetSubscriber();
        ChannelMessageQueue exact = await subscriber.SubscribeAsync(RedisChannel.Literal("news"));
        ChannelMessageQueue pattern = await subscriber.SubscribeAsync(RedisChannel.Pattern("ne*"));
        for (int i = 0; i < Messages; i++)
            await subscriber.PublishAsync(RedisChannel.Literal("news"), i);
        bool ordered = true;
        for (int i = 0; i < Messages; i++)
            ordered &= (await exact.ReadAsync(token)).Message == i & (await pattern.ReadAsync(token)).Message == i;
        await subscriber.UnsubscribeAllAsync();
        return $"{Messages} heard twice, in order {ordered}";
    }

    private static async Task<string> ParallelAsync(Servers servers, CancellationToken token)
    {
        await Task.WhenAll(Enumerable.Range(0, Parallel).Select(async _ =>
        {
            await using ConnectionMultiplexer own = await ConnectionMultiplexer.ConnectAsync(Options(servers)).WaitAsync(token);
            IDatabase database = own.GetDatabase();
            for (int i = 0; i < 50; i++)
                await database.StringIncrementAsync("shared");
        }));
        await using ConnectionMultiplexer last = await ConnectionMultiplexer.ConnectAsync(Options(servers));
        return $"{await last.GetDatabase().StringGetAsync("shared")} from {Parallel} connections";
    }

    private static async Task<string> WithAsync(Servers servers, Action<ConfigurationOptions> with)
    {
        ConfigurationOptions options = Options(servers);
        with(options);
        await using ConnectionMultiplexer redis = await ConnectionMultiplexer.ConnectAsync(options);
        IDatabase database = redis.GetDatabase();
        return $"{redis.GetServers().Single().Protocol}, {await StringsAsync(database)}; {await LargeValueAsync(database)}";
    }

    private static async Task<string> RefusedAsync(Servers servers, Action<ConfigurationOptions> with)
    {
        ConfigurationOptions options = Options(servers);
        options.ConnectRetry = 0;
        options.ConnectTimeout = 5000;
        with(options);
        RedisConnectionException exception = await CaseRun.ThrowsAsync<RedisConnectionException>(async () => await ConnectionMultiplexer.ConnectAsync(options));
        return $"{exception.FailureType}";
    }

    /// <summary>The server ends, everything in flight fails or waits, and a server that comes back is used again, subscriptions included.</summary>
    private static async Task<string> RestartAsync(ConnectionMultiplexer redis, CancellationToken token)
    {
        IDatabase database = redis.GetDatabase();
        ChannelMessageQueue news = await redis.GetSubscriber().SubscribeAsync(RedisChannel.Literal("news"));
        await database.StringSetAsync("forgotten", 1);
        CaseRun.Ask("restart redis");
        while (redis.IsConnected)
            await Task.Delay(50, token);
        while (!redis.IsConnected)
            await Task.Delay(50, token);
        bool forgotten = (await UntilAsync(() => database.StringGetAsync("forgotten"), token)).IsNull;
        long listeners = 0;
        while (listeners == 0)
            listeners = await UntilAsync(() => database.PublishAsync(RedisChannel.Literal("news"), "again"), token);
        return $"a new server {forgotten}, heard {(await news.ReadAsync(token)).Message}";
    }

    private static async Task<TResult> UntilAsync<TResult>(Func<Task<TResult>> ask, CancellationToken token)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (RedisException)
            {
                await Task.Delay(100, token);
            }
        }
    }
}
