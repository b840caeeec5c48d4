using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Apps.Files;
using Troupe.Drivers.Contracts;

namespace Troupe.Storage.Tests.Files;

/// <summary>A file system on a driver on a platter with an image, in a system of the TestKit. The platter outlives the others. What is asked for here has no deadline.</summary>
internal sealed class FileSystemFixture
{
    private static readonly TimeSpan _patience = TimeSpan.FromDays(1);

    private readonly TestSystem _test;
    private readonly FileSystemOptions? _options;
    private int _lives;

    public FileSystemFixture(TestSystem test, byte[] image, FileSystemOptions? options = null, PlatterOptions? disk = null, bool flushes = true)
    {
        _test = test;
        _options = options;
        DiskOptions = disk ?? new PlatterOptions();
        Platter = new Platter(image.Length / BlockDeviceInformation.SectorSize, test.Random, flushes);
        image.CopyTo(Platter.Durable, 0);
    }

    public PlatterOptions DiskOptions { get; }

    public Platter Platter { get; }

    public ActorRef<BlockDeviceMessage> Device { get; private set; } = null!;

    public ActorRef<FileSystemMessage> Files { get; private set; } = null!;

    /// <summary>Starts the driver and the file system.</summary>
    public FileSystemFixture Open()
    {
        Device = _test.System.Spawn(new PlatterDriver(Platter, DiskOptions, _test.Random), $"disk {++_lives}");
        Files = _test.System.Spawn(new Ext4FileSystem(new FileSystemDisk(Device), _options), $"files {_lives}");
        return this;
    }

    /// <summary>The actors end, and the power stays.</summary>
    public async Task StopAsync()
    {
        await Files.StopAsync(drain: false);
        await Device.StopAsync(drain: false);
    }

    /// <summary>The power goes: first of the disk, because the file system would end its commit before it stops. Answers whether something was being written.</summary>
    public async Task<bool> CutPowerAsync()
    {
        await Device.StopAsync(drain: false);
        var isWriting = Platter.Unflushed > 0;
        Platter.CutPower();
        await Files.StopAsync(drain: false);
        return isWriting;
    }

    /// <summary>Unmounts; answers the image.</summary>
    public async Task<byte[]> UnmountAsync()
    {
        await DoAsync(FileSystemMessage.Unmount);
        await StopAsync();
        return Platter.Durable;
    }

    public Task DelayAsync(TimeSpan time) => Task.Delay(time, _test.Time);

    public async Task DoAsync(Func<Reply<bool>, FileSystemMessage> message) => await Unwrap(() => Files.AskAsync(message, _patience));

    public Task MakeDirectoryAsync(string path) => DoAsync(reply => FileSystemMessage.CreateDirectory(path, reply));

    public Task DeleteAsync(string path) => DoAsync(reply => FileSystemMessage.Delete(path, reply));

    public Task DeleteDirectoryAsync(string path) => DoAsync(reply => FileSystemMessage.DeleteDirectory(path, reply));

    public Task RenameAsync(string path, string target) => DoAsync(reply => FileSystemMessage.Rename(path, target, reply));

    public Task LinkAsync(string path, string target) => DoAsync(reply => FileSystemMessage.CreateLink(path, target, reply));

    public Task FlushAsync() => DoAsync(FileSystemMessage.Flush);

    public Task<FileHandle> OpenFileAsync(string path, FileOpening opening = FileOpening.Read) =>
        Unwrap(() => Files.AskAsync<FileHandle>(reply => FileSystemMessage.Open(path, opening, reply), _patience));

    public Task CloseAsync(FileHandle handle) => DoAsync(reply => FileSystemMessage.Close(handle, reply));

    public Task SetLengthAsync(FileHandle handle, long length) => DoAsync(reply => FileSystemMessage.SetLength(handle, length, reply));

    public Task<FileInformation> InformationAsync(string path, bool followsLink = true) =>
        Unwrap(() => Files.AskAsync<FileInformation>(reply => FileSystemMessage.GetInformation(path, reply, followsLink), _patience));

    public Task<string> ReadLinkAsync(string path) => Unwrap(() => Files.AskAsync<string>(reply => FileSystemMessage.ReadLink(path, reply), _patience));

    public Task<FileSystemStatistics> StatisticsAsync() => Unwrap(() => Files.AskAsync<FileSystemStatistics>(FileSystemMessage.GetStatistics, _patience));

    public async Task<List<DirectoryEntry>> ListAsync(string path)
    {
        var entries = new List<DirectoryEntry>();
        for (var position = 0L; position >= 0;)
        {
            var from = position;
            var page = await Unwrap(() => Files.AskAsync<DirectoryPage>(reply => FileSystemMessage.List(path, from, reply), _patience));
            entries.AddRange(page.Entries);
            position = page.Next;
        }

        return entries;
    }

    public async Task<byte[]> ReadAsync(FileHandle handle, long position, int length)
    {
        var transfer = new FileTransfer(Math.Max(1, length));
        transfer.Set(handle, position, length);
        transfer = await Files.AskAsync<FileTransfer, FileTransfer>(transfer, FileSystemMessage.Read, _patience);
        return transfer.Error == FileSystemError.None ? transfer.Data[..transfer.Count].ToArray() : throw new FileSystemException(transfer.Error, transfer.ErrorMessage);
    }

    public async Task WriteAsync(FileHandle handle, long position, byte[] bytes)
    {
        var transfer = new FileTransfer(Math.Max(1, bytes.Length));
        transfer.Set(handle, position, bytes.Length);
        bytes.CopyTo(transfer.Data);
        transfer = await Files.AskAsync<FileTransfer, FileTransfer>(transfer, FileSystemMessage.Write, _patience);
        if (transfer.Error != FileSystemError.None)
        {
            throw new FileSystemException(transfer.Error, transfer.ErrorMessage);
        }
    }

    public async Task<byte[]> ReadFileAsync(string path, int chunk = 256 * 1024)
    {
        var handle = await OpenFileAsync(path);
        using var content = new MemoryStream();
        byte[] read;
        do
        {
            read = await ReadAsync(handle, content.Length, chunk);
            content.Write(read);
        }
        while (read.Length == chunk);
        await CloseAsync(handle);
        return content.ToArray();
    }

    public async Task WriteFileAsync(string path, byte[] bytes)
    {
        var handle = await OpenFileAsync(path, FileOpening.Write | FileOpening.Create | FileOpening.Truncate);
        try
        {
            for (var done = 0; done < bytes.Length; done += FileTransfer.MaximumCapacity)
            {
                await WriteAsync(handle, done, bytes[done..Math.Min(bytes.Length, done + FileTransfer.MaximumCapacity)]);
            }
        }
        finally
        {
            await CloseAsync(handle);
        }
    }

    /// <summary>What a request is refused with.</summary>
    public static async Task<FileSystemException> FailsAsync(FileSystemError error, Task request)
    {
        var failure = await Assert.ThrowsAsync<FileSystemException>(() => request);
        Assert.True(error == failure.Error, failure.ToString());
        return failure;
    }

    private static async Task<T> Unwrap<T>(Func<ValueTask<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (AskFailedException failure) when (failure.InnerException is FileSystemException refusal)
        {
            throw new FileSystemException(refusal.Error, refusal.Message, failure);
        }
    }
}
