namespace Troupe.Core.Machine.Memory;

/// <summary>
/// The regions of an address space by address: an AVL tree (Knuth, TAOCP vol. 3, 6.2.3) whose nodes also know the largest gap before
/// any region of their subtree, so that finding a region and finding room both take O(log n). The nodes are a doubly linked list besides.
/// </summary>
public unsafe struct RegionTree
{
    private Region* _root;
    private ulong _base;
    private ulong _top;

    /// <summary>How many regions there are.</summary>
    public int Count { get; private set; }

    /// <summary>Starts empty, for addresses from <paramref name="baseAddress"/> up to <paramref name="top"/>.</summary>
    public void Initialize(ulong baseAddress, ulong top)
    {
        _root = null;
        _base = baseAddress;
        _top = top;
        Count = 0;
    }

    /// <summary>The lowest region that ends after an address: the one that contains it, else the next above; null when there is none.</summary>
    public readonly Region* FirstEndingAfter(ulong address)
    {
        Region* found = null;
        Region* node = _root;
        while (node != null)
        {
            if (node->End > address)
            {
                found = node;
                node = node->Left;
            }
            else
            {
                node = node->Right;
            }
        }

        return found;
    }

    /// <summary>The region that contains an address, or null.</summary>
    public readonly Region* Containing(ulong address)
    {
        Region* region = FirstEndingAfter(address);
        return region != null && region->Start <= address ? region : null;
    }

    /// <summary>The lowest address at which <paramref name="length"/> bytes are free, or 0.</summary>
    public readonly ulong FindGap(ulong length)
    {
        if (_root == null || _root->LargestGap < length)
        {
            ulong end = _base;
            for (Region* node = _root; node != null; node = node->Right)
                end = node->End;
            return _top - end >= length ? end : 0;
        }

        Region* at = _root;
        while (true)
        {
            if (at->Left != null && at->Left->LargestGap >= length)
                at = at->Left;
            else if (GapBefore(at) >= length)
                return at->Start - GapBefore(at);
            else
                at = at->Right;
        }
    }

    /// <summary>Adds a region that overlaps none.</summary>
    public void Insert(Region* region)
    {
        region->Left = null;
        region->Right = null;
        region->Parent = null;
        region->Previous = null;
        region->Next = null;
        Region** link = Root();
        Region* parent = null;
        while (*link != null)
        {
            parent = *link;
            if (region->Start < parent->Start)
            {
                region->Next = parent;
                link = &parent->Left;
            }
            else
            {
                region->Previous = parent;
                link = &parent->Right;
            }
        }

        *link = region;
        region->Parent = parent;
        if (region->Previous != null)
            region->Previous->Next = region;
        if (region->Next != null)
            region->Next->Previous = region;
        Count++;
        Rebalance(region);
        if (region->Next != null)
            Refresh(region->Next);
    }

    /// <summary>Takes a region out.</summary>
    public void Remove(Region* region)
    {
        Region* disturbed;
        if (region->Left != null && region->Right != null)
        {
            // The next region, which has no left child, takes the place.
            Region* heir = region->Next;
            disturbed = heir->Parent == region ? heir : heir->Parent;
            if (heir->Parent != region)
            {
                Replace(heir, heir->Right);
                heir->Right = region->Right;
                heir->Right->Parent = heir;
            }

            Replace(region, heir);
            heir->Left = region->Left;
            heir->Left->Parent = heir;
        }
        else
        {
            disturbed = region->Parent;
            Replace(region, region->Left != null ? region->Left : region->Right);
        }

        if (region->Previous != null)
            region->Previous->Next = region->Next;
        if (region->Next != null)
            region->Next->Previous = region->Previous;
        Count--;
        if (disturbed != null)
            Rebalance(disturbed);
        if (region->Next != null)
            Refresh(region->Next);
    }

    /// <summary>The bounds of a region were moved without passing a neighbour.</summary>
    public readonly void BoundsChanged(Region* region)
    {
        Refresh(region);
        if (region->Next != null)
            Refresh(region->Next);
    }

    /// <summary>Checks every invariant; for tests.</summary>
    public readonly bool IsSound()
    {
        int count = 0;
        ulong end = _base;
        for (Region* region = FirstEndingAfter(0); region != null; region = region->Next)
        {
            count++;
            int left = HeightOf(region->Left);
            int right = HeightOf(region->Right);
            if (region->Start < end || region->End <= region->Start || region->ChargedFrom < region->Start || region->ChargedFrom > region->End
                || left - right > 1 || right - left > 1 || region->Height != 1 + (left > right ? left : right)
                || region->LargestGap != LargestGapOf(region)
                || (region->Left != null && region->Left->Parent != region) || (region->Right != null && region->Right->Parent != region))
            {
                return false;
            }

            end = region->End;
        }

        return count == Count && end <= _top && (_root == null || _root->Parent == null);
    }

    private static int HeightOf(Region* node) => node == null ? 0 : node->Height;

    private readonly ulong GapBefore(Region* node) => node->Start - (node->Previous == null ? _base : node->Previous->End);

    private readonly ulong LargestGapOf(Region* node)
    {
        ulong gap = GapBefore(node);
        if (node->Left != null && node->Left->LargestGap > gap)
            gap = node->Left->LargestGap;
        if (node->Right != null && node->Right->LargestGap > gap)
            gap = node->Right->LargestGap;
        return gap;
    }

    private readonly void Update(Region* node)
    {
        int left = HeightOf(node->Left);
        int right = HeightOf(node->Right);
        node->Height = 1 + (left > right ? left : right);
        node->LargestGap = LargestGapOf(node);
    }

    private readonly void Refresh(Region* node)
    {
        for (; node != null; node = node->Parent)
            node->LargestGap = LargestGapOf(node);
    }

    private void Rebalance(Region* node)
    {
        while (node != null)
        {
            int balance = HeightOf(node->Left) - HeightOf(node->Right);
            if (balance > 1)
            {
                if (HeightOf(node->Left->Left) < HeightOf(node->Left->Right))
                    RotateLeft(node->Left);
                node = RotateRight(node);
            }
            else if (balance < -1)
            {
                if (HeightOf(node->Right->Right) < HeightOf(node->Right->Left))
                    RotateRight(node->Right);
                node = RotateLeft(node);
            }
            else
            {
                Update(node);
            }

            node = node->Parent;
        }
    }

    private Region* RotateLeft(Region* node)
    {
        Region* up = node->Right;
        Replace(node, up);
        node->Right = up->Left;
        if (node->Right != null)
            node->Right->Parent = node;
        up->Left = node;
        node->Parent = up;
        Update(node);
        Update(up);
        return up;
    }

    private Region* RotateRight(Region* node)
    {
        Region* up = node->Left;
        Replace(node, up);
        node->Left = up->Right;
        if (node->Left != null)
            node->Left->Parent = node;
        up->Right = node;
        node->Parent = up;
        Update(node);
        Update(up);
        return up;
    }

    /// <summary>Hangs another node (or none) where one hung.</summary>
    private void Replace(Region* node, Region* by)
    {
        if (node->Parent == null)
            _root = by;
        else if (node->Parent->Left == node)
            node->Parent->Left = by;
        else
            node->Parent->Right = by;
        if (by != null)
            by->Parent = node->Parent;
    }

    private Region** Root()
    {
        fixed (Region** root = &_root)
            return root;
    }
}
