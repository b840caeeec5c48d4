using Troupe.Actors.TestKit;
using Troupe.Apps.Storage;
using Troupe.Drivers.Contracts;
using static Troupe.Storage.Tests.StoreFixture;

namespace Troupe.Storage.Tests;

public sealed class LogStoreTests
{
    [Fact]
    public void WhatIsPutIsFoundAfterARestart() => TestSystem.Run(async test =>
    {
        var store = new StoreFixture(test).Open();
        Assert.False(await store.PutAsync("a", Value("1")));
        Assert.True(await store.PutAsync("a", Value("2")));
        Assert.False(await store.PutAsync("b", Value("")));
        Assert.True(await store.DeleteAsync("b"));
        Assert.False(await store.DeleteAsync("b"));
        await store.PutAsync("ключ", Value("значение"));
        Assert.Equal(("2", null, "значение"), (await store.GetAsync("a"), await store.GetAsync("b"), await store.GetAsync("ключ")));
        store = await store.CutPowerAsync();
        Assert.Equal(("2", null, "значение"), (await store.GetAsync("a"), await store.GetAsync("b"), await store.GetAsync("ключ")));
        var keys = await store.Store.AskAsync<System.Collections.Immutable.ImmutableArray<string>>(LogStoreMessage.GetKeys);
        Assert.Equal("a ключ", string.Join(' ', keys));
    });

    [Fact]
    public void AnAnswerComesWhenTheDiskHasFlushed() => TestSystem.Run(async test =>
    {
        var store = new StoreFixture(test).Open();
        await store.StatisticsAsync();
        store.Options.IsHeld = true;
        var put = store.PutAsync("a", Value("1"));
        await test.AdvanceAsync(TimeSpan.FromSeconds(5));
        Assert.False(put.IsCompleted);
        // What a power cut could take back does not show.
        Assert.Null(await store.GetAsync("a"));
        store.Options.IsHeld = false;
        await put;
        Assert.Equal(0, store.Platter.Unflushed);
        Assert.Equal("1", await store.GetAsync("a"));
    });

    [Fact]
    public void ChangesThatComeWhileACommitIsWrittenAreOneCommit() => TestSystem.Run(async test =>
    {
        var store = new StoreFixture(test).Open();
        await store.StatisticsAsync();
        store.Options.IsHeld = true;
        var first = store.PutAsync("first", Value("1"));
        await test.AdvanceAsync(TimeSpan.FromMilliseconds(100));
        var others = Enumerable.Range(0, 100).Select(number => store.PutAsync($"{number}", Value("2"))).ToArray();
        await test.AdvanceAsync(TimeSpan.FromMilliseconds(100));
        store.Options.IsHeld = false;
        await first;
        await Task.WhenAll(others);
        Assert.Equal(2, (await store.StatisticsAsync()).Commits);
    });

    [Fact]
    public void TheDiskIsNeverUsedUpByChanges() => TestSystem.Run(async test =>
    {
        var store = new StoreFixture(test).Open();
        for (var change = 0; change < 1000; change++)
        {
            await store.PutAsync($"{change % 10}", Value(new string('x', 3000) + change));
        }

        var statistics = await store.StatisticsAsync();
        Assert.Equal((10, 1000), (statistics.Count, statistics.Commits));
        Assert.InRange(statistics.Compactions, 10, 40);
        store = await store.CutPowerAsync();
        for (var key = 0; key < 10; key++)
        {
            Assert.EndsWith($"x{990 + key}", await store.GetAsync($"{key}"), StringComparison.Ordinal);
        }
    });

    [Fact]
    public void AFullStoreSaysSoAndDeletingMakesRoom() => TestSystem.Run(async test =>
    {
        var store = new StoreFixture(test).Open();
        var count = 0;
        var full = default(StoreFullException);
        for (; full is null; count++)
        {
            var put = store.PutAsync($"{count}", Value(new string('x', 5000)));
            await Task.WhenAny(put);
            full = put.IsFaulted ? await FailsAsync<StoreFullException>(put) : null;
        }

        var statistics = await store.StatisticsAsync();
        Assert.InRange(statistics.LiveBytes, statistics.Capacity - 5100, statistics.Capacity);
        Assert.Contains("is full", full.Message, StringComparison.Ordinal);
        // The same size again takes no room.
        Assert.True(await store.PutAsync("0", Value(new string('y', 5000))));
        await store.DeleteAsync("1");
        Assert.False(await store.PutAsync("more", Value(new string('x', 5000))));
    });

    [Theory]
    [InlineData(BlockStatus.DeviceFailed)]
    [InlineData(BlockStatus.NoSpace)]
    public void AFailedWriteFailsItsChangeAndTheNextOneIsTriedAgain(BlockStatus failure) => TestSystem.Run(async test =>
    {
        var store = new StoreFixture(test).Open();
        await store.PutAsync("a", Value("1"));
        store.Options.NextWriteFails = failure;
        var refused = await FailsAsync<StoreException>(store.PutAsync("a", Value("2")));
        Assert.Contains($"ended with {failure}", refused.Message, StringComparison.Ordinal);
        Assert.Equal("1", await store.GetAsync("a"));
        await store.PutAsync("b", Value("3"));
        store = await store.CutPowerAsync();
        Assert.Equal(("1", "3"), (await store.GetAsync("a"), await store.GetAsync("b")));
    });

    [Fact]
    public void ADeviceThatIsResetIsAskedAgain() => TestSystem.Run(async test =>
    {
        var store = new StoreFixture(test, options: new PlatterOptions { ResetsOneIn = 4 }).Open();
        for (var change = 0; change < 50; change++)
        {
            await store.PutAsync($"{change}", Value($"{change}"));
        }

        store = await store.CutPowerAsync();
        Assert.Equal(50, (await store.StatisticsAsync()).Count);
    });

    [Fact]
    public void ADiskThatDoesNotAnswerFailsEveryRequestUntilTheStoreIsSpawnedAgain() => TestSystem.Run(async test =>
    {
        var store = new StoreFixture(test).Open();
        await store.PutAsync("a", Value("1"));
        store.Options.IsHeld = true;
        Assert.Contains("does not answer", (await FailsAsync<StoreException>(store.PutAsync("a", Value("2")))).Message, StringComparison.Ordinal);
        await FailsAsync<StoreException>(store.GetBytesAsync("a"));
        store.Options.IsHeld = false;
        await FailsAsync<StoreException>(store.PutAsync("a", Value("3")));
        await store.Store.StopAsync();
        store = await store.CutPowerAsync();
        Assert.Contains(await store.GetAsync("a"), (string[])["1", "2"]);
    });

    [Fact]
    public void AStoreWaitsForWhatItsPredecessorSubmitted() => TestSystem.Run(async test =>
    {
        var store = new StoreFixture(test).Open();
        await store.PutAsync("a", Value("1"));
        store.Options.IsHeld = true;
        var put = store.PutAsync("a", Value("2"));
        await test.AdvanceAsync(TimeSpan.FromMilliseconds(100));
        await store.Store.StopAsync(drain: false);
        await FailsAsync<StoreException>(put);
        var submissions = store.Driver.Submissions;
        store.OpenStore();
        var get = store.GetAsync("a");
        await test.AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(submissions, store.Driver.Submissions);
        store.Options.IsHeld = false;
        Assert.Equal("2", await get);
    });

    [Fact]
    public void ADiskThatHoldsSomethingElseIsLeftAlone() => TestSystem.Run(async test =>
    {
        var store = new StoreFixture(test);
        store.Platter.Durable[1080] = 0x53;
        store.Open();
        Assert.Contains("something else than a log", (await FailsAsync<StoreException>(store.PutAsync("a", Value("1")))).Message, StringComparison.Ordinal);
        Assert.Equal(1, store.Platter.Durable.Count(static octet => octet != 0));
    });

    [Theory]
    [InlineData(SmallestDisk - 1, 16 * 1024, false, "a log needs 128 at least")]
    [InlineData(SmallestDisk, 2048, false, "cannot hold a log")]
    [InlineData(SmallestDisk, 16 * 1024, true, "cannot hold a log")]
    public void ADiskThatCannotHoldALogIsNamed(int sectors, int transfer, bool isReadOnly, string complaint) => TestSystem.Run(async test =>
    {
        var store = new StoreFixture(test, sectors, new PlatterOptions { MaximumTransfer = transfer, IsReadOnly = isReadOnly }).Open();
        Assert.Contains(complaint, (await FailsAsync<StoreException>(store.PutAsync("a", Value("1")))).Message, StringComparison.Ordinal);
    });

    [Fact]
    public void ALargerDiskDoesNotHoldTheLogOfASmallerOne() => TestSystem.Run(async test =>
    {
        var small = new StoreFixture(test).Open();
        await small.PutAsync("a", Value("1"));
        var large = new StoreFixture(test, SmallestDisk * 2, name: "larger disk");
        small.Platter.Durable.CopyTo(large.Platter.Durable, 0);
        await small.Store.StopAsync();
        large.Open();
        Assert.Contains("its size was changed", (await FailsAsync<StoreException>(large.PutAsync("a", Value("1")))).Message, StringComparison.Ordinal);
    });

    [Fact]
    public void ATornCommitEndsTheLogAndTheNextOneTakesItsPlace() => TestSystem.Run(async test =>
    {
        var store = new StoreFixture(test).Open();
        await store.PutAsync("a", Value("1"));
        await store.PutAsync("b", Value("2"));
        // The last octet of the second commit's only record.
        store.Platter.Durable[(2 * 4096) + 32 + 8 + 1] ^= 1;
        store = await store.CutPowerAsync();
        Assert.Equal(("1", null), (await store.GetAsync("a"), await store.GetAsync("b")));
        await store.PutAsync("c", Value("3"));
        store = await store.CutPowerAsync();
        Assert.Equal(("1", null, "3"), (await store.GetAsync("a"), await store.GetAsync("b"), await store.GetAsync("c")));
        Assert.Equal(2, (await store.StatisticsAsync()).RecoveredCommits);
    });

    [Fact]
    public void DamageToWhatWasDurableBeforeTheLogBeganIsNoPowerCut() => TestSystem.Run(async test =>
    {
        var store = new StoreFixture(test).Open();
        await store.PutAsync("kept", Value("1"));
        while ((await store.StatisticsAsync()).Compactions == 0)
        {
            await store.PutAsync("a", Value(new string('x', 3000)));
        }

        // The second area counts now; its snapshot is on its second page.
        store.Platter.Durable[(65 * 4096) + 40] ^= 1;
        store = await store.CutPowerAsync();
        Assert.Contains("is damaged", (await FailsAsync<StoreException>(store.GetBytesAsync("kept"))).Message, StringComparison.Ordinal);
    });

    [Fact]
    public void AKeyOrValueTooLongIsRefusedWhereItIsAskedFor()
    {
        Assert.Throws<ArgumentException>(() => LogStoreMessage.Put(new string('ш', 129), Value("1"), default));
        Assert.Throws<ArgumentException>(() => LogStoreMessage.Delete("", default));
        Assert.Throws<ArgumentOutOfRangeException>(() => LogStoreMessage.Put("a", [.. new byte[LogStore.MaximumValueLength + 1]], default));
    }
}
