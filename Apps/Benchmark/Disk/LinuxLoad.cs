using Troupe.Smp.Host;

namespace Troupe.Apps.Benchmark.Disk;

/// <summary>Loads the disk of the Linux guest as its fastest clients do: beside the page cache, one at a time by pread and pwrite, several by io_submit, all from one thread.</summary>
internal static class LinuxLoad
{
    private const string Device = "/dev/vda";

    public static DiskResult Run(DiskWork work, TimeProvider time)
    {
        using LinuxDisk disk = LinuxDisk.Open(Device, work.Depth, work.Length);
        DiskMeasurement measurement = new(work, disk.Length, time);
        if (work.Depth == 1)
            RunOne(disk, work, measurement);
        else
            RunSeveral(disk, work, measurement);
        return measurement.Finish();
    }

    private static void RunOne(LinuxDisk disk, DiskWork work, DiskMeasurement measurement)
    {
        while (!measurement.IsOver)
        {
            long began = measurement.Now;
            long position = measurement.NextPosition();
            if (work.IsWrite)
                disk.Write(position);
            else
                disk.Read(position);
            if (work.Operation == DiskOperation.Flush)
                disk.Flush();
            measurement.Add(began);
        }
    }

    private static void RunSeveral(LinuxDisk disk, DiskWork work, DiskMeasurement measurement)
    {
        long[] began = new long[work.Depth];
        int[] over = new int[work.Depth];
        int underWay = 0;
        for (; underWay < work.Depth; underWay++)
            Begin(underWay);
        disk.Submit();
        while (underWay > 0)
        {
            int count = disk.Wait(over);
            underWay -= count;
            foreach (int slot in over.AsSpan(0, count))
            {
                measurement.Add(began[slot]);
                if (measurement.IsOver)
                    continue;
                Begin(slot);
                underWay++;
            }

            disk.Submit();
        }

        void Begin(int slot)
        {
            began[slot] = measurement.Now;
            disk.Add(slot, work.IsWrite, measurement.NextPosition());
        }
    }
}
