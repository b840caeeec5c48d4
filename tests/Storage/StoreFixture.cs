using System.Collections.Immutable;
using System.Text;
using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Apps.Storage;
using Troupe.Drivers.Contracts;

namespace Troupe.Storage.Tests;

/// <summary>A store on a driver on a platter, in a system of the TestKit. The platter outlives the others.</summary>
internal sealed class StoreFixture
{
    // An area of the smallest size, so that compactions come often.
    public const int SmallestDisk = 2 * 64 * 8;

    private readonly TestSystem _test;
    private readonly string _name;
    private int _lives;

    public StoreFixture(TestSystem test, int sectors = SmallestDisk, PlatterOptions? options = null, bool flushes = true, string name = "disk")
    {
        _test = test;
        _name = name;
        Options = options ?? new PlatterOptions();
        Platter = new Platter(sectors, test.Random, flushes);
    }

    public PlatterOptions Options { get; }

    public Platter Platter { get; }

    public PlatterDriver Driver { get; private set; } = null!;

    public LogDisk Disk { get; private set; } = null!;

    public ActorRef<BlockDeviceMessage> Device { get; private set; } = null!;

    public ActorRef<LogStoreMessage> Store { get; private set; } = null!;

    public static ImmutableArray<byte> Value(string text) => [.. Encoding.UTF8.GetBytes(text)];

    /// <summary>Starts the driver and the store.</summary>
    public StoreFixture Open()
    {
        Driver = new PlatterDriver(Platter, Options, _test.Random);
        Device = _test.System.Spawn(Driver, $"{_name} {++_lives}");
        Disk = new LogDisk(Device);
        return OpenStore();
    }

    /// <summary>Starts a store on the driver there is.</summary>
    public StoreFixture OpenStore()
    {
        Store = _test.System.Spawn(new LogStore(Disk, new LogStoreOptions { Salt = () => (ulong)_test.Random.NextInt64() }), $"store on {_name} {++_lives}");
        return this;
    }

    /// <summary>The power goes and comes back.</summary>
    public async Task<StoreFixture> CutPowerAsync()
    {
        await Store.StopAsync(drain: false);
        await Device.StopAsync(drain: false);
        Platter.CutPower();
        return Open();
    }

    public async Task<bool> PutAsync(string key, ImmutableArray<byte> value) => await Store.AskAsync<bool>(reply => LogStoreMessage.Put(key, value, reply), TimeSpan.FromHours(1));

    public async Task<bool> DeleteAsync(string key) => await Store.AskAsync<bool>(reply => LogStoreMessage.Delete(key, reply), TimeSpan.FromHours(1));

    public async Task<string?> GetAsync(string key)
    {
        var value = await GetBytesAsync(key);
        return value.IsDefault ? null : Encoding.UTF8.GetString(value.AsSpan());
    }

    public async Task<ImmutableArray<byte>> GetBytesAsync(string key) => await Store.AskAsync<ImmutableArray<byte>>(reply => LogStoreMessage.Get(key, reply), TimeSpan.FromHours(1));

    public async Task<LogStoreStatistics> StatisticsAsync() => await Store.AskAsync<LogStoreStatistics>(LogStoreMessage.GetStatistics, TimeSpan.FromHours(1));

    /// <summary>What a request is refused with.</summary>
    public static async Task<TFailure> FailsAsync<TFailure>(Task request) where TFailure : StoreException =>
        Assert.IsAssignableFrom<TFailure>((await Assert.ThrowsAsync<AskFailedException>(() => request)).InnerException);
}
