using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Drivers.Xen;

namespace Troupe.Drivers.Tests.Xen;

public sealed class XenStoreClientTests
{
    private readonly FakeStore _store = new();

    [Fact]
    public async Task NodesAreReadListedAndWritten()
    {
        _store.Nodes["device/vif/0/mac"] = "00:16:3e:01:02:03";
        _store.Nodes["device/vif/1/mac"] = "00:16:3e:01:02:04";
        await using var system = new ActorSystem();
        var client = system.Spawn(new XenStoreClient(_store));
        Assert.Equal("00:16:3e:01:02:03", await ReadAsync(client, "device/vif/0/mac"));
        Assert.Null(await ReadAsync(client, "device/vif/2/mac"));
        Assert.Equal<IEnumerable<string>>(["0", "1"], await client.AskAsync<ImmutableArray<string>>(reply => new XenStoreMessage.List("device/vif", reply)));
        Assert.Empty(await client.AskAsync<ImmutableArray<string>>(reply => new XenStoreMessage.List("device/vbd", reply)));
        Assert.True(await client.AskAsync<bool>(reply => new XenStoreMessage.Write("device/vif/0/state", "4", reply)));
        Assert.Equal("4", _store.Nodes["device/vif/0/state"]);
    }

    [Fact]
    public async Task MessagesLongerThanTheRingPass()
    {
        _store.Nodes["long"] = new string('x', 3000);
        await using var system = new ActorSystem();
        var client = system.Spawn(new XenStoreClient(_store));
        Assert.Equal(3000, (await ReadAsync(client, "long"))!.Length);
        Assert.True(await client.AskAsync<bool>(reply => new XenStoreMessage.Write("copy", new string('y', 2500), reply)));
        Assert.Equal(2500, _store.Nodes["copy"].Length);
    }

    [Fact]
    public async Task AWatchTellsOfEachChangeAndOnceAtOnce()
    {
        await using var system = new ActorSystem();
        var client = system.Spawn(new XenStoreClient(_store));
        var told = new SemaphoreSlim(0);
        Assert.True(await client.AskAsync<bool>(reply => new XenStoreMessage.Watch("state", () => told.Release(), reply)));
        Assert.True(await told.WaitAsync(TimeSpan.FromSeconds(60)));
        _store.Set("state", "2");
        Assert.True(await told.WaitAsync(TimeSpan.FromSeconds(60)));
    }

    [Theory]
    [InlineData(16, 0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)] // an answer to nothing
    [InlineData(2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF)] // a length beyond all
    public async Task AStoreThatLiesEndsTheClient(params int[] bytes)
    {
        await using var system = new ActorSystem();
        var client = system.Spawn(new XenStoreClient(_store));
        Assert.Null(await ReadAsync(client, "nothing"));
        _store.SendRaw([.. bytes.Select(value => (byte)value)]);
        await client.Terminated.WaitAsync(TimeSpan.FromSeconds(60));
    }

    private static ValueTask<string?> ReadAsync(ActorRef<XenStoreMessage> client, string path) =>
        client.AskAsync<string?>(reply => new XenStoreMessage.Read(path, reply));
}
