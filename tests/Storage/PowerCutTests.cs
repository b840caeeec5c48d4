using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Apps.Storage;

namespace Troupe.Storage.Tests;

/// <summary>
/// Clients change a store until the power goes, at a random moment; what the disk had not flushed is lost, kept, torn or reordered by chance. Whatever was answered is there
/// afterwards, and of the rest nothing but what was asked for. The seed is in the failure's message: TROUPE_SEED runs it again.
/// </summary>
public sealed class PowerCutTests
{
    private const int Seeds = 40;
    private const int Cuts = 10;
    private const int Clients = 3;
    private const int KeysPerClient = 4;

    [Fact]
    public void WhatWasAcknowledgedSurvivesPowerCuts() => TestSystem.RunSeeds(static test => CutAndLookAsync(test, flushes: true), Seeds);

    [Fact]
    public void ADiskWhoseFlushDoesNothingIsFoundOut()
    {
        var failure = Assert.Throws<ScenarioFailedException>(() => TestSystem.RunSeeds(static test => CutAndLookAsync(test, flushes: false), Seeds));
        Assert.True(failure.InnerException is LostException or AskFailedException { InnerException: StoreException }, failure.ToString());
    }

    private static async Task CutAndLookAsync(TestSystem test, bool flushes)
    {
        var store = new StoreFixture(test, options: new PlatterOptions { ResetsOneIn = 40 }, flushes: flushes).Open();
        var model = new Dictionary<string, Expected>();
        for (var client = 0; client < Clients; client++)
        {
            for (var key = 0; key < KeysPerClient; key++)
            {
                model[$"{client}/{key}"] = new Expected();
            }
        }

        for (var cut = 0; cut < Cuts; cut++)
        {
            var clients = Enumerable.Range(0, Clients).Select(client => ChangeAsync(test, store.Store, client, model)).ToArray();
            await Task.Delay(TimeSpan.FromMilliseconds(test.Random.Next(1, 1500)), test.Time);
            store = await store.CutPowerAsync();
            await Task.WhenAll(clients);
            foreach (var (key, expected) in model)
            {
                expected.Resolve(key, await store.GetBytesAsync(key));
            }
        }
    }

    /// <summary>One change after another, until one fails.</summary>
    private static async Task ChangeAsync(TestSystem test, ActorRef<LogStoreMessage> store, int client, Dictionary<string, Expected> model)
    {
        while (true)
        {
            var key = $"{client}/{test.Random.Next(KeysPerClient)}";
            var value = test.Random.Next(5) == 0 ? default : Value(test.Random);
            model[key].Begin(value);
            try
            {
                await store.AskAsync<bool>(reply => value.IsDefault ? LogStoreMessage.Delete(key, reply) : LogStoreMessage.Put(key, value, reply), TimeSpan.FromHours(1));
            }
            catch (AskFailedException failure) when (failure.InnerException is StoreFullException)
            {
                model[key].Cancel();
                continue;
            }
            catch (Exception failure) when (failure is AskFailedException or AskTimeoutException)
            {
                return;
            }

            model[key].Acknowledge();
        }
    }

    private static ImmutableArray<byte> Value(Random random)
    {
        var bytes = new byte[random.Next(20) == 0 ? random.Next(LogStore.MaximumValueLength) : random.Next(3000)];
        random.NextBytes(bytes);
        return [.. bytes];
    }

    /// <summary>A key's value as its only client knows it: what was answered, and what was asked for and not answered.</summary>
    private sealed class Expected
    {
        private ImmutableArray<byte> _acknowledged;
        private ImmutableArray<byte> _asked;
        private bool _isAsked;

        public void Begin(ImmutableArray<byte> value) => (_asked, _isAsked) = (value, true);

        public void Cancel() => _isAsked = false;

        public void Acknowledge() => (_acknowledged, _isAsked) = (_asked, false);

        public void Resolve(string key, ImmutableArray<byte> found)
        {
            if (!Same(found, _acknowledged) && !(_isAsked && Same(found, _asked)))
            {
                throw new LostException($"{key} is {Text(found)}; acknowledged was {Text(_acknowledged)}{(_isAsked ? $", asked for {Text(_asked)}" : "")}.");
            }

            (_acknowledged, _isAsked) = (found, false);
        }

        private static bool Same(ImmutableArray<byte> left, ImmutableArray<byte> right) =>
            left.IsDefault || right.IsDefault ? left.IsDefault == right.IsDefault : left.AsSpan().SequenceEqual(right.AsSpan());

        private static string Text(ImmutableArray<byte> value) => value.IsDefault ? "nothing" : $"{value.Length} bytes";
    }

    /// <summary>Something that was answered is gone.</summary>
    private sealed class LostException(string message) : Exception(message);
}
