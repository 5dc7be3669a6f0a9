# frozen_string_literal: true

# If only the texts of posts have changed, and files that are only copied, the pages of all other
# posts stand: these are read, but neither rendered nor written. What a list shows of their texts
# was kept when they were rendered. That no page of a post depends on the text of another one is not
# guessed but watched: one that looks at such a text, or at what could not be shown to it of a page
# that stands, ends all this.

require "jekyll"
require "json"
require "set"

# What is known of the site that stands, and what will be of the one that comes.
module Standing
  KNOWN = %w(jekyll-feed jekyll-sass-converter jekyll-seo-tag jekyll-sitemap jekyll-watch).freeze

  class << self
    attr_accessor :rendering

    def begin(memory:, made_from:, again:, stood: nil, changed: [])
      @memory = memory
      @made_from = made_from
      @again = again
      @stood = stood
      @changed = changed
      Jekyll::Hooks.register(:site, :post_read) { |site| compare(site) }
      Jekyll::Hooks.register(:site, :post_write) { |site| keep(site) }
    end

    def stands?(item)
      @still && (item.is_a?(Jekyll::StaticFile) ? !@changed.include?(item.path) : @still.include?(item))
    end

    def any?
      !@still.nil?
    end

    # A text was looked at, which may decide of its own page and of lists, and of nothing else.
    def seen(text)
      by = post_of(rendering)
      crossed if by.is_a?(Jekyll::Document) && !by.equal?(post_of(text))
    end

    def post_of(text)
      text.is_a?(Jekyll::Excerpt) ? text.doc : text
    end

    def crossed
      exit!(@again) if any?
      @crossed = true
    end

    private

    # What a post says of itself, apart from its text.
    def told(post)
      post.data.except("excerpt").inspect
    end

    def compare(site)
      @told = site.posts.docs.to_h { |post| [post.path, told(post)] }
      @crossed ||= unknown?(site)
      known = @stood && !@crossed && recall
      return unless known

      posts = site.posts.docs.to_h { |post| [post.path, post] }
      return unless @told == known.transform_values(&:first)
      return unless (@changed - posts.keys - site.static_files.map(&:path)).empty?

      @still = posts.except(*@changed).values.to_set.compare_by_identity
      @still.each { |post| post.content = known[post.path].last }
    end

    # Whether there is code of which nobody knows what it does.
    def unknown?(site)
      asked = Bundler.definition.dependencies.select { |gem| gem.groups.include?(:jekyll_plugins) }
      gems = Gem.loaded_specs.keys.grep(%r!\Ajekyll-!) + asked.map(&:name) + site.config["plugins"]
      own = site.plugin_manager.plugins_path.flat_map { |folder| Dir[File.join(folder, "**", "*.rb")] }
      site.lsi || (gems - KNOWN + own).any?
    end

    def recall
      known = JSON.parse(File.read(@memory))
      known["posts"] if known["made_from"] == @stood
    rescue SystemCallError, JSON::ParserError
      nil
    end

    def keep(site)
      File.delete(@memory) if File.exist?(@memory)
      return if @crossed

      posts = site.posts.docs.to_h { |post| [post.path, [@told[post.path], post.content]] }
      File.write(@memory, JSON.generate("made_from" => @made_from, "posts" => posts))
    rescue JSON::GeneratorError, EncodingError
      nil # a text that is no text
    end
  end

  module Looks
    %w(content excerpt).each do |name|
      define_method(name) do
        Standing.seen(@obj)
        super()
      end
    end

    # The page as a whole, which of one that stands is not there.
    %w(output to_s).each do |name|
      define_method(name) do
        @obj.is_a?(Jekyll::Excerpt) ? Standing.seen(@obj) : Standing.crossed
        super()
      end
    end
  end

  # What time it is, or was when a file was written, is new whenever it is asked.
  module Times
    def time
      Standing.seen(nil)
      super
    end
  end

  module Ages
    def modified_time
      Standing.seen(nil)
      super
    end
  end

  # Without a year it is told from that time: `now`, `today`, `12:30`.
  module Dates
    def to_date(asked)
      Standing.seen(nil) if asked.is_a?(String) && !asked.match?(/\d{4}/)
      super
    end
  end

  module Renders
    def run
      before = Standing.rendering
      Standing.rendering = document
      super
    ensure
      Standing.rendering = before
    end
  end

  module Regenerates
    def regenerate?(item)
      !Standing.stands?(item) && super
    end
  end

  # Where no page has come or gone, nothing is left over, and none is in the way of another one.
  module Cleans
    def cleanup
      super unless Standing.any?
    end
  end

  module Doubts
    def conflicting_urls(site)
      super unless Standing.any?
    end
  end

  module Includes
    def render(context)
      Standing.crossed
      super
    end
  end

  Jekyll::Drops::DocumentDrop.prepend(Looks)
  Jekyll::Drops::StaticFileDrop.prepend(Ages)
  Jekyll::Drops::SiteDrop.prepend(Times)
  Liquid::Utils.singleton_class.prepend(Dates)
  Jekyll::Renderer.prepend(Renders)
  Jekyll::Regenerator.prepend(Regenerates)
  Jekyll::Site.prepend(Cleans)
  Jekyll::Commands::Doctor.singleton_class.prepend(Doubts)
  Jekyll::Tags::IncludeRelativeTag.prepend(Includes)
end
