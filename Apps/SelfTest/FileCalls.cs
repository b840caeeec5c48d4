using System.Globalization;
using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Smp.Host;

namespace Troupe.Apps.SelfTest;

/// <summary>
/// System.IO put to the test, hosted on Linux's files and in a guest on those of a disk: a line a case, the same on both. `calls FOLDER [keep]`: each case works in a folder of its own below FOLDER, which
/// must be there; with `keep` the program ends without disposing of its application. FOLDER/kept is left for others to look at.
/// </summary>
internal static class FileCalls
{
    internal static bool Run(ReadOnlySpan<string> words) =>
        words.Length > 0 ? RunAsync(words[0], words.Contains("keep")).GetAwaiter().GetResult() : throw new ArgumentException("calls wants a folder: calls FOLDER [keep]");

    private static async Task<bool> RunAsync(string folder, bool keeps)
    {
        UnikernelBuilder builder = Unikernel.CreateBuilder([]);
        builder.Files.UseExt4();
        UnikernelApplication app = builder.Build();
        string early = await AnswerAsync(() => AssetCases.All[0].Run(""));
        await app.StartAsync();
        Console.WriteLine($"case before the start: {early}");
        if (GuestMachine.IsGuest)
            Console.WriteLine($"calls: an asset that is written to: {AssetCases.Change()}");
        int count = 0;
        foreach ((string name, Func<string, Task<string>> run) in FileCases.All.Concat(FileErrorCases.All).Concat(AssetCases.All))
        {
            string own = Directory.CreateDirectory(Path.Combine(folder, "cases", $"{++count}")).FullName;
            Console.WriteLine($"case {name}: {await AnswerAsync(() => run(own))}");
        }

        Console.WriteLine($"case an actor's handler reads: {await AnswerAsync(() => ReadInHandlersAsync(app.Actors, folder))}");
        Console.WriteLine($"case many threads: {await AnswerAsync(() => UseManyThreadsAsync(Directory.CreateDirectory(Path.Combine(folder, "threads")).FullName))}");
        Leave(folder);
        if (GuestMachine.IsGuest)
            Console.WriteLine($"calls: {app.Actors.DetachmentCount} turns were detached");
        if (!keeps)
            await app.DisposeAsync();
        return count == FileCases.All.Count + FileErrorCases.All.Count + AssetCases.All.Count;
    }

    /// <summary>What an action answers: its result, or the kind of its failure.</summary>
    internal static string Answer(Func<object?> action)
    {
        try
        {
            return Convert.ToString(action(), CultureInfo.InvariantCulture) ?? "null";
        }
        catch (Exception exception)
        {
            return exception.GetType().Name;
        }
    }

    internal static string Answer(Action action) => Answer(() =>
    {
        action();
        return "done";
    });

    private static async Task<string> AnswerAsync(Func<Task<string>> run)
    {
        try
        {
            return await Task.Run(run);
        }
        catch (Exception exception)
        {
            return $"{exception.GetType().Name} {exception.Message}";
        }
    }

    /// <summary>What e2fsck and debugfs find.</summary>
    private static void Leave(string folder)
    {
        string kept = Directory.CreateDirectory(Path.Combine(folder, "kept", "deep")).FullName;
        File.WriteAllText(Path.Combine(kept, "text"), "left by System.IO");
        byte[] bytes = new byte[300_000];
        new Random(5).NextBytes(bytes);
        File.WriteAllBytes(Path.Combine(kept, "bytes"), bytes);
    }

    // Handlers that block hold up their worker until their turns are detached: on one processor that is where the file system would run.
    private static async Task<string> ReadInHandlersAsync(ActorSystem system, string folder)
    {
        string path = Path.Combine(folder, "read by actors");
        await File.WriteAllTextAsync(path, "hello, actor");
        int right = 0;
        for (int round = 0; round < 3; round++)
        {
            ActorRef<Reply<string>>[] readers = [.. Enumerable.Range(0, 4).Select(_ => system.Spawn(new Reader(path)))];
            foreach (ActorRef<Reply<string>> reader in readers)
                right += await reader.AskAsync<string>(static reply => reply, TimeSpan.FromSeconds(30)) == "hello, actor" ? 1 : 0;
            foreach (ActorRef<Reply<string>> reader in readers)
                await reader.StopAsync();
        }

        return $"{right} of 12";
    }

    private static async Task<string> UseManyThreadsAsync(string folder)
    {
        bool[] right = await Task.WhenAll(Enumerable.Range(0, 8).Select(number => Task.Run(() =>
        {
            string path = Path.Combine(folder, $"{number}");
            for (int round = 0; round < 20; round++)
            {
                File.AppendAllText(path, $"{number}.{round}\n");
                if (round % 5 == 0)
                {
                    using FileStream stream = new(path, FileMode.Open, FileAccess.ReadWrite);
                    stream.Flush(flushToDisk: true);
                }
            }

            return File.ReadAllLines(path).SequenceEqual(Enumerable.Range(0, 20).Select(round => $"{number}.{round}"));
        })));
        return $"{right.Count(static one => one)} of {right.Length}";
    }

    private sealed class Reader(string path) : Actor<Reply<string>>
    {
        protected override ValueTask ReceiveAsync(Reply<string> reply)
        {
#pragma warning disable TRP0008 // That it blocks is what is tried.
            reply.Set(File.ReadAllText(path));
#pragma warning restore TRP0008
            return default;
        }
    }
}
