using Troupe.Actors;
using Troupe.Apps.Files;
using Troupe.Smp.SystemNative;

namespace Troupe.Apps.Hosting;

/// <summary>
/// What an application says about the files of System.IO in a guest (docs/storage.md). Without it there are only the kernel's few. Hosted they are the host's, whatever is said here.
/// </summary>
public sealed class FilesOptions
{
    // What is not looked for on a disk: the kernel's files, and what lies in the image, if it has any.
    private static readonly string[] _kept = ["/proc/", "/sys/", "/dev/"];
    private static readonly string[] _keptIfThere = ["/etc/ssl/certs/ca-certificates.crt", Assets.InImage + "/"];

    // Delegates, so that an image whose program does not say UseExt4 is linked without a file system.
    private Func<ActorSystem, IMachine, Task<Action>>? _start;
    private Action? _leave;

    /// <summary>
    /// Puts the ext4 file system of a disk where File, FileStream and Directory find it, from the end of <see cref="UnikernelApplication.StartAsync"/> on.
    /// </summary>
    /// <param name="mountPoint">The directory that is its root: "/" for the whole tree but /proc, /sys, /dev and the files of the image, or one like "/data".</param>
    /// <param name="disk">Which of the machine's disks, in the order of the bus.</param>
    /// <param name="options">How it is opened.</param>
    public void UseExt4(string mountPoint = "/", int disk = 0, FileSystemOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(disk);
        // Refuses a mount point that is none, now.
        FileMount mount = new(mountPoint, [.. _kept, .. _keptIfThere.Where(Path.Exists)]);
        _start = (system, machine) => StartAsync(system, machine, mount, disk, options);
    }

    /// <summary>Opens the file system, if there is to be one. From then on it has the calls.</summary>
    internal async Task EnterAsync(ActorSystem system, IMachine machine)
    {
        if (_start is null)
            return;
        if (!Machine.HasSockets)
            throw new MachineException("This image was built with TroupeSockets=false, which leaves out the class library's calls of files too: UseExt4 needs them.");
        _leave = await _start(system, machine).ConfigureAwait(false);
        // A program that ends without disposing of its application has written its files all the same.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Leave();
    }

    /// <summary>Unmounts.</summary>
    internal void Leave() => Interlocked.Exchange(ref _leave, null)?.Invoke();

    private static async Task<Action> StartAsync(ActorSystem system, IMachine machine, FileMount mount, int disk, FileSystemOptions? options)
    {
        if (disk >= machine.BlockDevices.Length)
            throw new MachineException($"The files are to be on disk {disk}, and there are {machine.BlockDevices.Length} disks: give the guest one with --disk FILE.");
        ActorRef<FileSystemMessage> files = system.Spawn(new Ext4FileSystem(new FileSystemDisk(machine.BlockDevices[disk]), options), "files");
        try
        {
            await files.AskAsync<FileSystemStatistics>(FileSystemMessage.GetStatistics, Drivers.Contracts.BlockDeviceMessage.Patience).ConfigureAwait(false);
        }
        catch (AskFailedException failure) when (failure.InnerException is FileSystemException reason)
        {
            throw new MachineException($"The files of disk {disk} cannot be opened: {reason.Message}");
        }

        FileCalls calls = new(system, files, mount, FileServices.FirstDescriptor, machine.CreateParker);
        FileServices.Install(new Guest.GuestFiles(calls));
        return () => calls.Unmount();
    }
}
