using System.Globalization;
using System.Text;
using Troupe.Actors;
using Troupe.Apps.Files;
using Troupe.Apps.Hosting;
using Troupe.Drivers.Contracts;

namespace Troupe.Apps.SelfTest;

/// <summary>
/// A disk with an ext4 file system that Linux made, and what the boot before left on it. Each boot looks at that, changes files, and flushes; the first one of two does not unmount, so that the next has
/// to replay the journal.
/// </summary>
internal static class FileSystems
{
    private const int FileCount = 20;
    private const int FileLength = 150_000;

    internal static bool Run() => RunAsync().GetAwaiter().GetResult();

    private static async Task<bool> RunAsync()
    {
        await using UnikernelApplication app = Unikernel.CreateBuilder([]).Build();
        var disks = await app.GetBlockDevicesAsync();
        if (disks.Length != 1)
        {
            Console.WriteLine($"there are {disks.Length} disks; this wants one with ext4: --disk FILE");
            return false;
        }

        ActorRef<FileSystemMessage> files = app.Actors.Spawn(new Ext4FileSystem(new FileSystemDisk(disks[0])), "files");
        Console.WriteLine($"files: Linux left '{Encoding.UTF8.GetString(await ReadAsync(files, "/from linux"))}'");
        DirectoryPage root = await files.AskAsync<DirectoryPage>(reply => FileSystemMessage.List("/", 0, reply), BlockDeviceMessage.Patience);
        bool isFirst = !root.Entries.Any(static entry => entry.Name == "boots");
        int boot = isFirst ? 0 : int.Parse(Encoding.UTF8.GetString(await ReadAsync(files, "/boots")), CultureInfo.InvariantCulture);
        int right = 0;
        for (int file = 0; file < FileCount && !isFirst; file++)
            right += (await ReadAsync(files, $"/boot {boot}/{file}")).AsSpan().SequenceEqual(Content(boot, file)) ? 1 : 0;
        Console.WriteLine($"files: {right} of {(isFirst ? 0 : FileCount)} are as boot {boot} left them");

        await ChangeAsync(files, boot + 1);
        FileSystemStatistics statistics = await files.AskAsync<FileSystemStatistics>(FileSystemMessage.GetStatistics, BlockDeviceMessage.Patience);
        Console.WriteLine($"files: boot {boot + 1} replayed {statistics.ReplayedTransactions} transactions and committed {statistics.Commits}; {statistics.FreeBlocks} of {statistics.Blocks} blocks are free");
        if (boot % 2 != 0)
            await DoAsync(files, FileSystemMessage.Unmount);
        return right == (isFirst ? 0 : FileCount);
    }

    /// <summary>A folder of files instead of that of the boot before, and its number by a file that takes the place of another.</summary>
    private static async Task ChangeAsync(ActorRef<FileSystemMessage> files, int boot)
    {
        await DoAsync(files, reply => FileSystemMessage.CreateDirectory("/new", reply));
        for (int file = 0; file < FileCount; file++)
            await WriteAsync(files, $"/new/{file}", Content(boot, file));
        for (int file = 0; file < FileCount && boot > 1; file++)
            await DoAsync(files, reply => FileSystemMessage.Delete($"/boot {boot - 1}/{file}", reply));
        if (boot > 1)
            await DoAsync(files, reply => FileSystemMessage.DeleteDirectory($"/boot {boot - 1}", reply));
        await DoAsync(files, reply => FileSystemMessage.Rename("/new", $"/boot {boot}", reply));
        await WriteAsync(files, "/boots.new", Encoding.UTF8.GetBytes($"{boot}"));
        await DoAsync(files, static reply => FileSystemMessage.Rename("/boots.new", "/boots", reply));
        await DoAsync(files, FileSystemMessage.Flush);
    }

    private static byte[] Content(int boot, int file)
    {
        byte[] content = new byte[FileLength + file];
        new Random((boot * 1000) + file).NextBytes(content);
        return content;
    }

    private static async Task<byte[]> ReadAsync(ActorRef<FileSystemMessage> files, string path)
    {
        FileHandle handle = await files.AskAsync<FileHandle>(reply => FileSystemMessage.Open(path, FileOpening.Read, reply), BlockDeviceMessage.Patience);
        var transfer = new FileTransfer(2 * FileLength);
        transfer.Set(handle, 0, 2 * FileLength);
        transfer = await files.AskAsync<FileTransfer, FileTransfer>(transfer, FileSystemMessage.Read, BlockDeviceMessage.Patience);
        byte[] content = Require(transfer).ToArray();
        transfer.Dispose();
        await DoAsync(files, reply => FileSystemMessage.Close(handle, reply));
        return content;
    }

    private static async Task WriteAsync(ActorRef<FileSystemMessage> files, string path, byte[] content)
    {
        FileHandle handle = await files.AskAsync<FileHandle>(
            reply => FileSystemMessage.Open(path, FileOpening.Write | FileOpening.Create | FileOpening.Truncate, reply), BlockDeviceMessage.Patience);
        var transfer = new FileTransfer(content.Length);
        transfer.Set(handle, 0, content.Length);
        content.CopyTo(transfer.Data);
        transfer = await files.AskAsync<FileTransfer, FileTransfer>(transfer, FileSystemMessage.Write, BlockDeviceMessage.Patience);
        Require(transfer);
        transfer.Dispose();
        await DoAsync(files, reply => FileSystemMessage.Close(handle, reply));
    }

    private static async Task DoAsync(ActorRef<FileSystemMessage> files, Func<Reply<bool>, FileSystemMessage> message) => await files.AskAsync(message, BlockDeviceMessage.Patience);

    private static Span<byte> Require([Borrowed] FileTransfer transfer) =>
        transfer.Error == FileSystemError.None ? transfer.Data[..transfer.Count] : throw new FileSystemException(transfer.Error, transfer.ErrorMessage);
}
