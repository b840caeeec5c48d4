using Troupe.Actors;
using Troupe.Apps.Files;

namespace Troupe.Storage.Tests.Files;

/// <summary>The calls of System.IO on threads that block, on a file system on a platter. Numbers below 0 are Linux's errors.</summary>
public sealed class FileCallsTests
{
    private const int ReadWriteCreate = 0x22;
    private const int WriteOnlyCreateSynchronous = 0x121;
    private const int ReadOnly = 0;
    private const int Default = 0b110_110_110;

    [Fact]
    public Task WhatIsWrittenInManyTransfersIsRead() => RunAsync(disk =>
    {
        var bytes = new byte[200_000];
        new Random(3).NextBytes(bytes);
        var file = Made(disk.Calls.Open("/a", ReadWriteCreate, Default));
        Assert.Equal(bytes.Length, disk.Calls.Write(file, bytes));
        Assert.Equal(100, disk.Calls.Write(file, bytes.AsSpan(0, 100), bytes.Length));
        Assert.Equal(bytes.Length, disk.Calls.Seek(file, 0, 1));
        Assert.Equal(0, disk.Calls.Seek(file, 0, 0));
        var read = new byte[bytes.Length];
        Assert.Equal(bytes.Length, disk.Calls.Read(file, read));
        Assert.Equal(bytes, read);
        Assert.Equal(100, disk.Calls.Read(file, read));
        Assert.Equal(0, disk.Calls.Read(file, read));
        Assert.Equal(bytes.Length + 90, disk.Calls.Seek(file, -10, 2));
        Assert.Equal(-22, disk.Calls.Seek(file, -10, 0));
        Assert.Equal(0, disk.Calls.Close(file));
        Assert.Equal(-9, disk.Calls.Close(file));
        Assert.Equal(-9, disk.Calls.Read(file, read));
    });

    [Fact]
    public Task AFileIsUsedOnlyAsItWasOpened() => RunAsync(disk =>
    {
        var writer = Made(disk.Calls.Open("/a", 0x21, Default));
        Assert.Equal(1, disk.Calls.Write(writer, "x"u8));
        Assert.Equal(-9, disk.Calls.Read(writer, new byte[1], 0));
        var reader = Made(disk.Calls.Open("/a", ReadOnly, 0));
        Assert.Equal(-9, disk.Calls.Write(reader, "y"u8, 0));
        Assert.Equal(-22, disk.Calls.SetLength(reader, 0));
        // Made by one who only reads.
        var made = Made(disk.Calls.Open("/b", 0x20, Default));
        Assert.Equal(-9, disk.Calls.Write(made, "y"u8, 0));
        Assert.Equal(-17, disk.Calls.Open("/b", ReadWriteCreate | 0x40, Default));
        Assert.Equal(-2, disk.Calls.Open("/c", ReadOnly, 0));
        Assert.Equal(-21, disk.Calls.Open("/", ReadOnly, 0));
        Assert.Equal(0, disk.Calls.GetInformation("/b", followsLink: true, out var information));
        Assert.Equal(0x81A4, information!.Mode);
    });

    [Fact]
    public Task LocksKeepOtherOpenFilesOut() => RunAsync(disk =>
    {
        const int Shared = 1 | 4, Exclusive = 2 | 4, Unlock = 8;
        var (first, second, third) = (Made(disk.Calls.Open("/a", ReadWriteCreate, Default)), Made(disk.Calls.Open("/a", ReadOnly, 0)), Made(disk.Calls.Open("/a", ReadOnly, 0)));
        Assert.Equal(0, disk.Calls.SetLock(first, Shared));
        Assert.Equal(0, disk.Calls.SetLock(second, Shared));
        Assert.Equal(-11, disk.Calls.SetLock(first, Exclusive));
        Assert.Equal(0, disk.Calls.SetLock(second, Unlock));
        Assert.Equal(0, disk.Calls.SetLock(first, Exclusive));
        Assert.Equal(-11, disk.Calls.SetLock(third, Shared));
        Assert.Equal(0, disk.Calls.Close(first));
        Assert.Equal(0, disk.Calls.SetLock(third, Exclusive));
        Assert.Equal(-95, disk.Calls.SetLock(second, 1));
    });

    [Fact]
    public Task TheRootHasNoNameThatCouldBeChanged() => RunAsync(disk =>
    {
        Assert.Equal(-17, disk.Calls.CreateDirectory("/", Default));
        Assert.Equal(-16, disk.Calls.DeleteDirectory("/"));
        Assert.Equal(-21, disk.Calls.Delete("/"));
        Assert.Equal(-16, disk.Calls.Rename("/", "/a"));
        Assert.Equal(0, disk.Calls.Access("/", 0));
    });

    [Fact]
    public Task ADirectoryOfManyNamesIsListedWhileItIsEmptied() => RunAsync(disk =>
    {
        for (var number = 0; number < 600; number++)
        {
            disk.Calls.Close(Made(disk.Calls.Open($"/name of file {number}", ReadWriteCreate, Default)));
        }

        var listing = Made(disk.Calls.OpenDirectory("/"));
        var seen = 0;
        for (DirectoryEntry? entry; disk.Calls.ReadDirectory(listing, out entry) == 0 && entry is not null;)
        {
            seen += entry.Kind == FileKind.Regular && disk.Calls.Delete("/" + entry.Name) == 0 ? 1 : 0;
        }

        Assert.Equal(600, seen);
        Assert.Equal(0, disk.Calls.CloseDirectory(listing));
        Assert.Equal(-9, disk.Calls.ReadDirectory(listing, out _));
        Assert.Equal(-2, disk.Calls.OpenDirectory("/missing"));
    });

    [Fact]
    public Task TemporaryNamesAreFree() => RunAsync(disk =>
    {
        var names = new HashSet<string>();
        for (var number = 0; number < 50; number++)
        {
            disk.Calls.Close(Made(disk.Calls.CreateTemporaryFile("/tXXXXXX.tmp", 4, out var made)));
            Assert.Matches("^/t[A-Za-z0-9]{6}\\.tmp$", made);
            Assert.True(names.Add(made));
        }

        Assert.Equal(0, disk.Calls.CreateTemporaryDirectory("/dXXXXXX", out var directory));
        Assert.Equal(0, disk.Calls.GetInformation(directory, followsLink: true, out var information));
        Assert.Equal(0x41C0, information!.Mode);
        Assert.Equal(-22, disk.Calls.CreateTemporaryFile("/short", 0, out _));
    });

    [Fact]
    public Task RelativePathsBeginInTheWorkingDirectory() => RunAsync(disk =>
    {
        Assert.Equal(0, disk.Calls.CreateDirectory("/d", 0b111_111_111));
        Assert.Equal(0, disk.Calls.ChangeDirectory("d"));
        Assert.Equal("/d", disk.Calls.GetWorkingDirectory());
        disk.Calls.Close(Made(disk.Calls.Open("f", ReadWriteCreate, Default)));
        Assert.Equal(0, disk.Calls.Access("/d/f", 0));
        Assert.Equal(-20, disk.Calls.ChangeDirectory("/d/f"));
        Assert.Equal(-2, disk.Calls.ChangeDirectory("/e"));
    });

    [Fact]
    public Task FlushesOfManyThreadsAreFewCommits() => RunAsync(disk =>
    {
        const int Threads = 8, Rounds = 10;
        disk.Calls.Synchronize();
        var before = disk.Statistics().Commits;
        Parallel(Threads, number =>
        {
            var file = Made(disk.Calls.Open($"/{number}", ReadWriteCreate, Default));
            for (var round = 0; round < Rounds; round++)
            {
                Assert.Equal(4, disk.Calls.Write(file, "text"u8));
                Assert.Equal(0, disk.Calls.Synchronize(file));
            }
        });
        Assert.InRange(disk.Statistics().Commits - before, Rounds, Threads * Rounds / 2);
    });

    [Fact]
    public Task ASynchronousWriteIsDurableWhenItReturns() => RunAsync(disk =>
    {
        var file = Made(disk.Calls.Open("/a", WriteOnlyCreateSynchronous, Default));
        var before = disk.Statistics().Commits;
        Assert.Equal(4, disk.Calls.Write(file, "text"u8));
        Assert.Equal(before + 1, disk.Statistics().Commits);
    });

    [Fact]
    public Task CallsInHandlersOfTheOnlyWorkerAreAnswered() => RunAsync(disk =>
    {
        disk.Calls.Close(Made(disk.Calls.Open("/a", ReadWriteCreate, Default)));
        var asked = Enumerable.Range(0, 4).Select(_ => disk.System.Spawn(new Asker(disk.Calls)).AskAsync<long>(static reply => reply, TimeSpan.FromSeconds(30)).AsTask()).ToArray();
        Assert.All(asked, static answer => Assert.Equal(0, answer.GetAwaiter().GetResult()));
        Assert.InRange(disk.System.DetachmentCount, 1, long.MaxValue);
    });

    [Fact]
    public Task WhoWaitsWhenTheFileSystemStopsIsToldAnError() => RunAsync(disk =>
    {
        disk.Options.IsHeld = true;
        var results = new long[3];
        var callers = results.Select((_, index) => new Thread(() => results[index] = disk.Calls.Open($"/{index}", ReadWriteCreate, Default) is < 0 and var error ? error : disk.Calls.Synchronize())).ToArray();
        Array.ForEach(callers, static caller => caller.Start());
        Assert.False(callers[0].Join(TimeSpan.FromMilliseconds(300)), "the disk is held");
        disk.Files.StopAsync(drain: false).Wait(TimeSpan.FromMilliseconds(500));
        disk.Options.IsHeld = false;
        Assert.All(callers, static caller => Assert.True(caller.Join(TimeSpan.FromSeconds(20))));
        Assert.All(results, static result => Assert.Equal(-5, result));
        Assert.Equal(-5, disk.Calls.Access("/", 0));
    });

    [Fact]
    public Task AFullDiskIsNoSpace() => RunAsync(disk =>
    {
        var file = Made(disk.Calls.Open("/a", ReadWriteCreate, Default));
        Assert.Equal(0, disk.Calls.GetSpace(out var total, out var free));
        Assert.InRange(free, 1, total);
        var bytes = new byte[1024 * 1024];
        long result;
        do
        {
            result = disk.Calls.Write(file, bytes);
        }
        while (result > 0);
        Assert.Equal(-28, result);
    });

    [Theory]
    [InlineData("/", "/a/b", true, "/a/b")]
    [InlineData("/", "/", true, "/")]
    [InlineData("/", "/proc/self/maps", false, "")]
    [InlineData("/", "/proc", false, "")]
    [InlineData("/", "/process", true, "/process")]
    [InlineData("/", "/etc/file", false, "")]
    [InlineData("/", "/etc/file.bak", true, "/etc/file.bak")]
    [InlineData("/", "", false, "")]
    [InlineData("/data", "/data", true, "/")]
    [InlineData("/data", "/data/a", true, "/a")]
    [InlineData("/data", "/database", false, "")]
    [InlineData("/data", "/", false, "")]
    [InlineData("/", "relative", true, "/relative")]
    [InlineData("/data", "relative", false, "")]
    public void PathsBelowTheMountPointAreTheFileSystemsButForThoseThatAreKept(string point, string path, bool owns, string inside)
    {
        var mount = new FileMount(point, "/proc/", "/etc/file");
        Assert.Equal(owns, mount.Owns(path));
        if (owns)
        {
            Assert.Equal(inside, mount.Inside(path));
        }
    }

    [Fact]
    public void LinksOnTheDiskBeginAtItsOwnRoot()
    {
        var mount = new FileMount("/data");
        Assert.Equal("/a", mount.TargetToDisk("/data/a"));
        Assert.Equal("/data/a", mount.TargetFromDisk("/a"));
        Assert.Equal("../a", mount.TargetToDisk("../a"));
        Assert.Equal("../a", mount.TargetFromDisk("../a"));
    }

    [Theory]
    [InlineData("data")]
    [InlineData("/data/")]
    [InlineData("/a/../b")]
    [InlineData("")]
    public void AMountPointIsAPlainAbsolutePath(string point) => Assert.ThrowsAny<ArgumentException>(() => new FileMount(point));

    private static nint Made(long result)
    {
        Assert.True(result > 0, $"refused with {result}");
        return (nint)result;
    }

    private static void Parallel(int threads, Action<int> run) =>
        Task.WaitAll([.. Enumerable.Range(0, threads).Select(number => Task.Factory.StartNew(() => run(number), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))]);

    private static async Task RunAsync(Action<Disk> use)
    {
        var image = Ext4Image.Make($"-O {Ext4Image.Usual}", 16);
        await using var disk = new Disk(image);
        // A thread that may block.
        await Task.Factory.StartNew(() => use(disk), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (disk.Calls.Unmount() == 0)
        {
            Assert.Equal("", Ext4Image.Check(disk.Platter.Durable));
        }
    }

    /// <summary>A disk in a system of one worker, in real time.</summary>
    private sealed class Disk : IAsyncDisposable
    {
        public Disk(byte[] image)
        {
            Platter = new Platter(image.Length / 512, new Random(1));
            image.CopyTo(Platter.Durable, 0);
            System = new ActorSystem(new ActorSystemOptions { Host = new ThreadWorkerHost(1) });
            Files = System.Spawn(new Ext4FileSystem(new FileSystemDisk(System.Spawn(new PlatterDriver(Platter, Options, new Random(2)), "disk"))), "files");
            Calls = new FileCalls(System, Files, new FileMount("/"), 100, static () => new MonitorParker());
        }

        public Platter Platter { get; }

        public PlatterOptions Options { get; } = new() { LongestMilliseconds = 2 };

        public ActorSystem System { get; }

        public ActorRef<FileSystemMessage> Files { get; }

        public FileCalls Calls { get; }

        public FileSystemStatistics Statistics() => Files.AskAsync<FileSystemStatistics>(FileSystemMessage.GetStatistics, TimeSpan.FromSeconds(30)).AsTask().GetAwaiter().GetResult();

        public ValueTask DisposeAsync() => System.DisposeAsync();
    }

    private sealed class Asker(FileCalls calls) : Actor<Reply<long>>
    {
        protected override ValueTask ReceiveAsync(Reply<long> reply)
        {
            reply.Set(calls.Access("/a", 0));
            return default;
        }
    }
}
