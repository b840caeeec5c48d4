using Troupe.Actors.TestKit;
using Troupe.Apps.Files;

namespace Troupe.Storage.Tests.Files;

/// <summary>Whatever an image says: an answer or a <see cref="FileSystemException"/>, in a bounded number of steps and bytes. The seed is in the failure's message. TROUPE_DEEP=N tries N times as many.</summary>
public sealed class HostileImageTests
{
    private const int Seeds = 60;
    private const int MostFiles = 300;

    private static readonly byte[] _image = Ext4Image.Make($"-b 1024 -O {Ext4Image.Plain} -N 128", 4, static content =>
    {
        var random = new Random(1);
        for (var index = 0; index < 40; index++)
        {
            File.WriteAllBytes(Path.Combine(content, $"file number {index}"), new byte[random.Next(4000)]);
        }

        using var holes = File.Create(Path.Combine(content, "holes"));
        for (var index = 0; index < 200; index++)
        {
            holes.Position = index * 8192;
            holes.WriteByte(1);
        }

        Directory.CreateDirectory(Path.Combine(content, "a", "b", "c"));
        File.WriteAllText(Path.Combine(content, "a", "b", "c", "d"), "d");
        File.CreateSymbolicLink(Path.Combine(content, "link"), "a/b");
        File.CreateSymbolicLink(Path.Combine(content, "long"), string.Concat(Enumerable.Repeat("a/../", 30)) + "a");
    });

    // What is zero is mostly not looked at.
    private static readonly int[] _interesting = [.. Enumerable.Range(0, _image.Length).Where(static offset => _image[offset] != 0)];

    [Fact]
    public void RandomChangesOfAnImageAreAnsweredOrRefused() => TestSystem.RunSeeds(static async test =>
    {
        var image = _image.ToArray();
        for (var count = test.Random.Next(1, 12); count > 0; count--)
        {
            var offset = test.Random.Next(8) == 0 ? test.Random.Next(1024, 2048) : _interesting[test.Random.Next(_interesting.Length)];
            image[offset] = test.Random.Next(3) switch { 0 => 255, 1 => (byte)(image[offset] ^ (1 << test.Random.Next(8))), _ => (byte)test.Random.Next(256) };
        }

        var files = new FileSystemFixture(test, image, new FileSystemOptions { IsReadOnly = test.Random.Next(2) == 0 }, new PlatterOptions { LongestMilliseconds = 1 }).Open();
        await TryAsync(() => WalkAsync(files));
        await TryAsync(() => files.WriteFileAsync("/new", new byte[10_000]));
        await TryAsync(() => files.WriteFileAsync("/holes", new byte[3_000]));
        await TryAsync(() => files.MakeDirectoryAsync("/a/new"));
        await TryAsync(() => files.RenameAsync("/a/b", "/moved"));
        for (var index = 0; index < 10; index++)
        {
            await TryAsync(() => files.DeleteAsync($"/file number {index}"));
        }

        await TryAsync(files.FlushAsync);
        await TryAsync(() => files.DeleteAsync("/holes"));
        await TryAsync(() => WalkAsync(files));
        await TryAsync(() => files.DoAsync(FileSystemMessage.Unmount));
    }, Seeds * Depth.Factor, new TestOptions { MaximumSteps = 3_000_000 });

    private static async Task TryAsync(Func<Task> request)
    {
        try
        {
            await request();
        }
        catch (FileSystemException)
        {
            // An answer.
        }
    }

    /// <summary>Everything that there is to see, some of each.</summary>
    private static async Task WalkAsync(FileSystemFixture files)
    {
        var rest = new Queue<string>(["/"]);
        for (var count = 0; count < MostFiles && rest.TryDequeue(out var path); count++)
        {
            await TryAsync(async () =>
            {
                foreach (var entry in await files.ListAsync(path))
                {
                    var name = FileModel.Join(path, entry.Name);
                    await TryAsync(() => files.InformationAsync(name));
                    await TryAsync(() => files.ReadLinkAsync(name));
                    await TryAsync(async () =>
                    {
                        var handle = await files.OpenFileAsync(name);
                        await TryAsync(() => files.ReadAsync(handle, 0, 50_000));
                        await TryAsync(() => files.ReadAsync(handle, 1_600_000, 50_000));
                        await files.CloseAsync(handle);
                    });
                    if (rest.Count < MostFiles && name.Length < 1000)
                    {
                        rest.Enqueue(name);
                    }
                }
            });
        }
    }
}
